//! What the library has recorded: `geventrs report` and `geventrs timeline` read the files
//! that `GEVENTRS_REPORT` and `GEVENTRS_TIMELINE` have asked for, and name functions,
//! files and lines in them.

mod file;
mod page;
mod report;
mod stacks;
mod table;
mod timeline;

pub use report::Report;
pub use timeline::Timeline;
