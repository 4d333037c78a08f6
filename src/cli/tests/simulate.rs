//! Worlds from the command line.

use super::*;

#[tokio::test]
async fn what_a_world_prints_depends_on_its_seed_alone() {
    let line = "simulate --seed 42 --steps 120";
    let (exit, text, words) = run_line(line).await;
    assert_eq!(exit, Exit::Done, "{text}{words}");
    assert!(text.contains("log_hash  "), "{text}");
    assert!(text.ends_with("no invariant fell\n"), "{text}");
    assert_eq!(run_line(line).await.1, text);
    assert_ne!(run_line("simulate --seed 43 --steps 120").await.1, text);
}

#[tokio::test]
async fn a_world_is_told_to_programs_too() {
    let (exit, data, _) = run_line("simulate --seed 7 --steps 80 --mode safety -o json").await;
    assert_eq!(exit, Exit::Done);
    let told: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(told["seed"], 7);
    assert_eq!(told["mode"], "safety");
    assert_eq!(told["failure"], Value::Null);
    assert_eq!(told["log_hash"].as_str().expect("a hash").len(), 64);
    let orders = told["stages"].as_object().expect("stages").values();
    let orders: u64 = orders.filter_map(Value::as_u64).sum();
    assert_eq!(told["orders"], orders);
}

#[tokio::test]
async fn many_worlds_are_run_from_the_first_seed_to_the_last() {
    let line = "simulate --seeds 1..4 --steps 60 --mode liveness -o json";
    let (exit, data, _) = run_line(line).await;
    assert_eq!(exit, Exit::Done);
    let told: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(
        (&told["worlds"], &told["failure"]),
        (&json!(4), &Value::Null)
    );
}

#[tokio::test]
async fn a_world_needs_a_seed_and_seeds_need_an_order() {
    for line in [
        "simulate",
        "simulate --seeds 9..3",
        "simulate --seed 1 --seeds 1..2",
        "simulate --seed 1 --steps 0",
        "simulate --seed 1 --mode soundness",
    ] {
        let (exit, data, words) = run_line(line).await;
        assert_eq!(exit, Exit::Usage, "{line}");
        assert!(data.is_empty() && !words.is_empty(), "{line}");
    }
}
