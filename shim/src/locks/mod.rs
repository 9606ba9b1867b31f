//! Patch group `thread`, second part: locks.
pub mod robust;
