//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Compare native pthreads with the preloaded library
#[derive(Parser)]
#[command(name = "compare")]
pub struct Options {
    /// Run only the works whose name begins so (may be repeated)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Pairs of runs (native, preloaded) for each measurement
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    runs: Option<u16>,

    /// Short runs, 3 pairs and small crowds: tells that all works, not how fast
    #[arg(long)]
    pub quick: bool,

    /// The CPU of the pinned runs
    #[arg(long, value_name = "CPU", default_value_t = 0)]
    pub cpu: usize,

    /// Also write the results to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Given by `cargo bench`; without effect
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    pub fn runs(&self) -> usize {
        let usual = if self.quick { 3 } else { 7 };
        self.runs.unwrap_or(usual).into()
    }

    /// The names of `all` which are to run.
    pub fn chosen<'a>(&self, all: &[&'a str]) -> Result<Vec<&'a str>, String> {
        for only in &self.only {
            if !all.iter().any(|name| name.starts_with(only)) {
                return Err(format!("no work {only}; there are {}", all.join(", ")));
            }
        }
        let wanted = |name: &str| self.only.iter().any(|only| name.starts_with(only.as_str()));
        let chosen = all.iter().copied();
        Ok(chosen.filter(|name| self.only.is_empty() || wanted(name)).collect())
    }
}
