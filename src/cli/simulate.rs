//! `orderhub simulate`: the hub's rules in a seeded world of partners that fail. Data depends on the
//! seed alone; when an invariant falls, the shortest history that shows it is printed.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use orderhub_domain::simulation::{self, Hub, Run};
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Out};

/// What is asked of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// Faults to the end; nothing may ever be wrong.
    Safety,
    /// The faults stop after a quarter of the moves; every order must come to rest.
    Liveness,
    /// Faults through all moves, and then every order must come to rest.
    Both,
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The world to run.
    #[arg(long, value_name = "N", required_unless_present = "seeds")]
    seed: Option<u64>,
    /// Worlds to run, first and last: 1..500. Stops at the first that breaks an invariant.
    #[arg(long, value_name = "A..B", conflicts_with = "seed")]
    seeds: Option<Seeds>,
    /// Moves in each world.
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// What is asked of it.
    #[arg(long, value_enum, default_value_t = Mode::Both)]
    mode: Mode,
}

/// Seeds from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seeds {
    first: u64,
    last: u64,
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once("..").map(|(a, b)| (a.parse(), b.parse()));
        match numbers {
            Some((Ok(first), Ok(last))) if first <= last => Ok(Self { first, last }),
            _ => Err("write the first and the last seed, like 1..500".to_owned()),
        }
    }
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Liveness => "liveness",
            Self::Both => "both",
        }
    }

    fn run(self, seed: u64, steps: u32) -> Run {
        let (moves, mode) = match self {
            Self::Safety => (steps, simulation::Mode::Safety),
            Self::Liveness => (steps.div_ceil(4), simulation::Mode::Liveness),
            Self::Both => (steps, simulation::Mode::Liveness),
        };
        let moves = usize::try_from(moves).unwrap_or(usize::MAX);
        simulation::run(seed, moves, mode, &Hub)
    }
}

/// Runs one world, or many until one breaks.
pub(super) fn run(arguments: &Arguments, format: Format, out: &mut Out) -> Result<(), Failure> {
    if let Some(seeds) = arguments.seeds {
        return range(seeds, arguments, format, out);
    }
    let run = arguments
        .mode
        .run(arguments.seed.unwrap_or_default(), arguments.steps);
    out.value(format, &value(&run, arguments), &account(&run, arguments));
    verdict(&run, arguments)
}

fn range(
    seeds: Seeds,
    arguments: &Arguments,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut worlds = 0_u64;
    let mut events = 0;
    for seed in seeds.first..=seeds.last {
        let run = arguments.mode.run(seed, arguments.steps);
        if run.failure.is_some() {
            out.value(format, &value(&run, arguments), &account(&run, arguments));
            return verdict(&run, arguments);
        }
        worlds += 1;
        events += run.events;
    }
    let (steps, mode) = (arguments.steps, arguments.mode.word());
    let object = json!({
        "first_seed": seeds.first,
        "last_seed": seeds.last,
        "steps": steps,
        "mode": mode,
        "worlds": worlds,
        "events": events,
        "failure": null,
    });
    let text = format!(
        "seeds {} to {}, {steps} moves each, mode {mode}: {events} events, no invariant fell",
        seeds.first, seeds.last
    );
    out.value(format, &object, &text);
    Ok(())
}

/// The command line that runs the same world again.
fn again(run: &Run, arguments: &Arguments) -> String {
    let (steps, mode) = (arguments.steps, arguments.mode.word());
    format!(
        "orderhub simulate --seed {} --steps {steps} --mode {mode}",
        run.seed
    )
}

fn verdict(run: &Run, arguments: &Arguments) -> Result<(), Failure> {
    match &run.failure {
        None => Ok(()),
        Some(failure) => {
            let message = format!("seed {} breaks {}", run.seed, failure.broken.invariant);
            Err(Failure::new(Exit::Failed, message, again(run, arguments)))
        }
    }
}

fn value(run: &Run, arguments: &Arguments) -> Value {
    let failure = run.failure.as_ref().map(|failure| {
        json!({
            "invariant": failure.broken.invariant,
            "found": failure.broken.found,
            "move": failure.at,
            "moves_left": failure.moves,
            "history": failure.history,
            "repeat": again(run, arguments),
        })
    });
    json!({
        "seed": run.seed,
        "steps": arguments.steps,
        "mode": arguments.mode.word(),
        "orders": run.stages.values().sum::<usize>(),
        "stages": run.stages,
        "events": run.events,
        "simulated_seconds": run.seconds,
        "log_hash": run.log_hash,
        "failure": failure,
    })
}

/// The same for a person.
fn account(run: &Run, arguments: &Arguments) -> String {
    let orders: usize = run.stages.values().sum();
    let stages = run.stages.iter().map(|(stage, n)| format!("{n} {stage}"));
    let stages = stages.collect::<Vec<_>>().join(", ");
    let (days, hours) = (run.seconds / 86_400, run.seconds / 3600 % 24);
    let mut text = format!(
        "seed      {}, {} moves, mode {}\norders    {orders}: {stages}\nevents    {} in {days} days and {hours} hours\nlog_hash  {}\n",
        run.seed,
        arguments.steps,
        arguments.mode.word(),
        run.events,
        run.log_hash
    );
    let Some(failure) = &run.failure else {
        text.push_str("result    no invariant fell\n");
        return text;
    };
    let broken = &failure.broken;
    let mut lines = vec![
        format!("result    {} fell: {}", broken.invariant, broken.found),
        format!(
            "history   the {} moves of {} that it takes:",
            failure.moves, failure.at
        ),
    ];
    lines.extend(failure.history.iter().map(|line| format!("  {line}")));
    lines.push(format!("repeat    {}", again(run, arguments)));
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use orderhub_domain::simulation::{Broken, Failure as Fell};

    use super::*;

    fn arguments() -> Arguments {
        Arguments {
            seed: Some(42),
            seeds: None,
            steps: 60,
            mode: Mode::Safety,
        }
    }

    #[test]
    fn a_world_that_breaks_is_told_as_a_history_and_ends_with_1() {
        let broken = Broken {
            invariant: "books_agree",
            found: "order 1: 5.00 EUR captured".into(),
        };
        let fell = Fell {
            broken,
            at: 51,
            moves: 2,
            history: vec!["day 0 00:00:00  web sends W-1".into()],
        };
        let run = Run {
            seed: 42,
            mode: simulation::Mode::Safety,
            steps: 60,
            stages: BTreeMap::from([("closed", 1)]),
            kinds: BTreeMap::from([("order.closed", 1)]),
            events: 9,
            seconds: 90_000,
            log_hash: "ab".into(),
            failure: Some(fell),
        };
        let line = "orderhub simulate --seed 42 --steps 60 --mode safety";
        let told = verdict(&run, &arguments()).expect_err("it fell");
        assert_eq!((told.exit, told.next.as_str()), (Exit::Failed, line));
        let text = account(&run, &arguments());
        assert!(
            text.contains("books_agree fell: order 1: 5.00 EUR captured\n"),
            "{text}"
        );
        assert!(text.contains("the 2 moves of 51"), "{text}");
        assert!(text.contains("  day 0 00:00:00  web sends W-1\n"), "{text}");
        assert!(text.ends_with(&format!("repeat    {line}\n")), "{text}");
        let object = value(&run, &arguments());
        assert_eq!(object["failure"]["invariant"], "books_agree");
        assert_eq!(object["failure"]["repeat"], line);
    }

    #[test]
    fn seeds_are_read_from_first_to_last() {
        let (first, last) = (3, 7);
        assert_eq!("3..7".parse(), Ok(Seeds { first, last }));
        for wrong in ["", "3", "3..", "..7", "7..3", "a..b", "3..=7"] {
            assert!(wrong.parse::<Seeds>().is_err(), "{wrong}");
        }
    }
}
