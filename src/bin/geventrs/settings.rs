//! `geventrs settings`: the table of settings.

use crate::{print, Failure};
use clap::Args;
use geventrs::settings::SETTINGS;

/// List the settings: environment variables and the flags that set them
#[derive(Args)]
pub struct Settings {
    /// Print a Markdown page (docs/settings.md)
    #[arg(long)]
    markdown: bool,
}

impl Settings {
    pub fn print(self) -> Result<(), Failure> {
        print(&if self.markdown { page() } else { text() })
    }
}

fn text() -> String {
    let plain = |s: &str| s.replace('`', "");
    SETTINGS
        .iter()
        .map(|s| {
            format!(
                "{} (geventrs run {})\n    {}\n    values:  {}\n    default: {}\n",
                s.name,
                s.flag,
                plain(s.effect),
                plain(s.values),
                plain(s.default)
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn page() -> String {
    let mut page = String::from(
        "# Settings\n\n\
         <!-- Generated: geventrs settings --markdown -->\n\n\
         The library reads environment variables once, when it is loaded; the flags of \
         `geventrs run` set them. A variable that starts with `GEVENTRS_` and is not listed, \
         and a value that is not understood, get one line on stderr and are otherwise \
         ignored.\n\n\
         | variable | flag | values | default | effect |\n|---|---|---|---|---|\n",
    );
    for s in SETTINGS {
        page += &format!(
            "| `{}` | `{}` | {} | {} | {} |\n",
            s.name, s.flag, s.values, s.default, s.effect
        );
    }
    page
}
