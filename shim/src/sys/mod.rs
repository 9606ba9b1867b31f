//! Patch group `sys`: what is written for the outside to read.

pub mod log;
