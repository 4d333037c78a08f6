//! The `orderhub` binary.

use std::process::ExitCode;

use orderhub::cli::{self, Out};
use orderhub::serve::Process;

#[tokio::main]
async fn main() -> ExitCode {
    let mut out = Out::of_process();
    let exit = cli::run(std::env::args_os(), &Process, &mut out).await;
    exit.into()
}
