//! Stacks with names.

use super::file::{Place, RawFrame};
use crate::crate_frames::{self, is_below_main, Crate, Known};
use crate::symbols::{Frame, Symbols};
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// A function on a stack, and where it was.
#[derive(Clone, Serialize)]
pub struct Named {
    /// `??` if nothing tells it.
    pub function: String,
    /// How far in it, if no line is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The file that holds the code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// The return address in it.
    pub address: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inlined: bool,
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Named {
    /// `function at file.c:12`, or `function in module`.
    pub fn short(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{} at {}:{line}", self.function, last_part(file)),
            _ if self.module.is_empty() => format!("{:#x}", self.address),
            _ if self.function == "??" => {
                format!("{}+{:#x}", last_part(&self.module), self.address)
            }
            _ => {
                let offset = self.offset.map_or(String::new(), |n| format!("+{n:#x}"));
                format!("{}{offset} in {}", self.function, last_part(&self.module))
            }
        }
    }

    fn known(&self) -> Known<'_> {
        (Some(&self.function), self.file.as_deref())
    }

    /// As a greenlet's first function: of the API's the one that was spawned.
    pub fn routine(&self) -> String {
        crate_frames::spawned(&self.function).map_or_else(|| self.short(), str::to_owned)
    }

    /// Whether it is a function of Rust's own library.
    fn is_of_std(&self) -> bool {
        let name = self.function.trim_start_matches(['<', '&']);
        ["std::", "core::", "alloc::"].iter().any(|c| name.starts_with(c))
    }

    /// The name alone, for folded stacks, in which `;` and spaces have a meaning.
    pub fn word(&self) -> String {
        let name = match self.function == "??" {
            true => format!("{}+{:#x}", last_part(&self.module), self.address),
            false => self.function.clone(),
        };
        name.replace(';', ":").replace(' ', "_")
    }
}

/// All places of a file by their numbers, named.
pub struct Stacks {
    modules: Vec<String>,
    symbols: Symbols,
    places: HashMap<u32, (String, Vec<Named>)>,
    /// The program uses the Rust API.
    ours: Option<Crate>,
}

impl Stacks {
    /// Name the places.
    pub fn new(modules: Vec<String>, places: &[Place]) -> Self {
        let mut stacks =
            Stacks { modules, symbols: Symbols::new(), places: HashMap::new(), ours: None };
        for place in places {
            let mut named = stacks.name_all(&place.frames);
            while named.len() > 1 && named.last().is_some_and(|f| is_below_main(&f.function)) {
                named.pop();
            }
            stacks.places.insert(place.id, (place.call.clone(), named));
        }
        // Of waits in the API the frames of the crate are noted as well.
        let mut frames = stacks.places.values().flat_map(|(_, stack)| stack);
        stacks.ours = frames.find_map(|f| Crate::of_entry(f.known()));
        if let Some(ours) = &stacks.ours {
            for (_, stack) in stacks.places.values_mut().filter(|(call, _)| call.is_empty()) {
                let known: Vec<_> = stack.iter().map(Named::known).collect();
                let part = ours.of_program(&known);
                stack.truncate(part.end);
                stack.drain(..part.start);
            }
        }
        stacks
    }

    /// Name a stack; an inlined function stands before the one that it is in.
    pub fn name_all(&mut self, frames: &[RawFrame]) -> Vec<Named> {
        frames.iter().flat_map(|frame| self.name(frame)).collect()
    }

    /// Name the function that begins at an address, which is noted as if a call from there
    /// had returned: not what the compiler has put inline first.
    pub fn entry(&mut self, start: &RawFrame) -> Option<Named> {
        let named = self.name(start).pop()?;
        let address = named.address.saturating_sub(1);
        Some(Named { address, offset: None, ..named })
    }

    fn name(&mut self, raw: &RawFrame) -> Vec<Named> {
        let module = usize::try_from(raw.module).ok().and_then(|n| self.modules.get(n)).cloned();
        let module = module.unwrap_or_default();
        // A return address is behind its call.
        let at = raw.address.saturating_sub(1);
        let frames = self.symbols.frames(Path::new(&module), at, None);
        let named = |frame: Frame| Named {
            function: frame.function.unwrap_or_else(|| "??".into()),
            offset: frame.offset.filter(|_| frame.line.is_none()),
            file: frame.file,
            line: frame.line,
            module: module.clone(),
            address: raw.address,
            inlined: frame.inlined,
        };
        let known: Vec<Named> =
            frames.into_iter().filter(|f| f.function.is_some()).map(named).collect();
        if known.is_empty() {
            let (function, offset) = raw.name.clone().unzip();
            // As the others: in the call, not behind it.
            let offset = offset.map(|n| n.saturating_sub(1));
            return vec![named(Frame { function, offset, ..Frame::default() })];
        }
        known
    }

    /// The call of a place, and its stack; empty for place 0.
    pub fn place(&self, id: u32) -> (&str, &[Named]) {
        self.places.get(&id).map_or(("", &[]), |(call, stack)| (call, stack))
    }

    /// The innermost function of the program's own at a place.
    pub fn caller(&self, id: u32) -> String {
        let stack = self.place(id).1;
        let called = |f: &Named| self.ours.as_ref().is_some_and(|ours| ours.is_ours(f.known()));
        let skipped = usize::from(stack.len() > 1 && stack.first().is_some_and(called));
        line(&stack[skipped..], 1)
    }

    /// The first frames of a place in one line.
    pub fn line(&self, id: u32, most: usize) -> String {
        line(self.place(id).1, most)
    }
}

/// The first frames of a stack in one line.
pub fn line(stack: &[Named], most: usize) -> String {
    if stack.is_empty() {
        return "(place not known)".into();
    }
    // Rust's library calls itself many times over: of that the innermost function is enough.
    let inner = stack.iter().take_while(|f| f.is_of_std()).count();
    let skipped = if inner == stack.len() { 0 } else { inner.saturating_sub(1) };
    let first = stack.iter().take(skipped.min(1));
    let shown = first.chain(&stack[if skipped > 0 { skipped + 1 } else { 0 }..]);
    shown.take(most).map(Named::short).collect::<Vec<_>>().join(" < ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_rust_s_library_the_innermost_function_is_shown() {
        let stack = |names: &[&str]| -> Vec<Named> {
            let named = |name: &&str| Named {
                function: name.to_string(),
                offset: None,
                file: None,
                line: None,
                module: "m".into(),
                address: 1,
                inlined: false,
            };
            names.iter().map(named).collect()
        };
        let of = |names: &[&str], most| line(&stack(names), most);
        assert_eq!(of(&["a", "b", "c"], 2), "a in m < b in m");
        let sleeps =
            ["std::sys::nap", "<std::thread::T>::nap", "core::x", "work", "std::y", "main"];
        assert_eq!(of(&sleeps, 2), "std::sys::nap in m < work in m");
        assert_eq!(of(&sleeps, 9), "std::sys::nap in m < work in m < std::y in m < main in m");
        assert_eq!(of(&["std::a", "work"], 4), "std::a in m < work in m");
        assert_eq!(of(&["std::a", "std::b"], 1), "std::a in m", "nothing else is there");
        assert_eq!(of(&[], 4), "(place not known)");
    }
}
