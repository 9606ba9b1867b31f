//! Which system calls each of libc's functions can come to: the libraries' call
//! graph.
//!
//! Calls through pointers cannot be followed (callbacks, streams' tables of
//! functions, modules of the name service); a function that reaches one has
//! [`Effect::Pointer`].

use crate::code::{self, Function};
use crate::image::Image;
use crate::system_calls::{self, Effect};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A function: its library's index, and its address there.
type Node = (usize, u64);

/// libc and its companions.
pub struct Graph {
    functions: BTreeMap<Node, Function>,
    names: BTreeMap<String, BTreeSet<Node>>,
}

impl Graph {
    /// Read the libraries' code. Panics if one cannot be read.
    pub fn new<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Graph {
        let mut graph = Graph { functions: BTreeMap::new(), names: BTreeMap::new() };
        for (i, path) in paths.enumerate() {
            let mut image = Image::read(path).unwrap_or_else(|e| panic!("{e}"));
            image.wrappers = code::wrappers(&image);
            for (start, end) in &image.functions {
                graph.functions.insert((i, *start), code::read(&image, *start, *end));
            }
            for (name, address) in &image.symbols {
                graph.names.entry(name.clone()).or_default().insert((i, *address));
            }
        }
        graph
    }

    /// How many functions were read.
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// What calling any version of a function can come to, leaving out what the
    /// functions named in `within` do when others call them, and what is done by
    /// those that never return: they end the process, with a line on stderr.
    pub fn effects(&self, name: &str, within: &BTreeSet<Node>) -> BTreeSet<Effect> {
        let roots = self.names.get(name).cloned().unwrap_or_default();
        let mut effects = BTreeSet::new();
        let mut seen = roots.clone();
        let mut work: Vec<Node> = roots.into_iter().collect();
        while let Some(node) = work.pop() {
            let Some(function) = self.functions.get(&node) else { continue };
            effects.extend(function.system_calls.iter().filter_map(system_calls::effect));
            if function.pointers {
                effects.insert(Effect::Pointer);
            }
            let here = function.calls.iter().map(|at| (node.0, *at));
            let named = function.named.iter().filter_map(|name| self.names.get(name)).flatten();
            for next in here.chain(named.copied()) {
                let returns = self.functions.get(&next).is_some_and(|f| f.returns);
                if returns && !within.contains(&next) && seen.insert(next) {
                    work.push(next);
                }
            }
        }
        effects
    }

    /// The nodes of these names.
    pub fn nodes<'a>(&self, names: impl Iterator<Item = &'a str>) -> BTreeSet<Node> {
        names.filter_map(|name| self.names.get(name)).flatten().copied().collect()
    }
}
