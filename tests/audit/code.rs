//! What one function's code does: whom it calls, and which system calls it
//! makes, with their numbers.
//!
//! The numbers come from following constants through the registers. What a
//! register holds where paths meet is the union of what it held on each, up to a
//! few values. Tables of jumps are not followed: code that nothing else leads to
//! is taken to begin with anything in the registers. So a number that is not
//! known is reported as unknown, never as another one.

use crate::image::{Image, Pointer};
use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpAccess, OpKind, Register,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a register can hold: a few constants, or anything.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    OneOf(BTreeSet<u32>),
    Any,
}
/// More are not kept apart.
const MANY: usize = 8;

impl Value {
    fn is(n: u32) -> Value {
        Value::OneOf(BTreeSet::from([n]))
    }
    fn join(&self, other: &Value) -> Value {
        match (self, other) {
            (Value::OneOf(a), Value::OneOf(b)) if a.union(b).count() <= MANY => {
                Value::OneOf(a.union(b).copied().collect())
            }
            _ => Value::Any,
        }
    }
    fn map(&self, f: impl Fn(u32) -> u32) -> Value {
        match self {
            Value::OneOf(a) => Value::OneOf(a.iter().map(|&n| f(n)).collect()),
            Value::Any => Value::Any,
        }
    }
    fn get(&self) -> Option<Vec<u32>> {
        match self {
            Value::OneOf(a) => Some(a.iter().copied().collect()),
            Value::Any => None,
        }
    }
}

/// The sixteen general registers.
type State = Vec<Value>;

fn nothing_known() -> State {
    vec![Value::Any; 16]
}

fn number(register: Register) -> Option<usize> {
    let full = register.full_register();
    (full.is_gpr64()).then(|| full.number())
}

/// One system call, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SystemCall {
    pub number: Option<u32>,
    /// The second argument: the operation of a futex or of fcntl.
    pub second: Option<u32>,
}

/// What was found.
#[derive(Default, Debug)]
pub struct Function {
    /// Functions of the same library.
    pub calls: BTreeSet<u64>,
    /// Functions that it calls by name, through the loader.
    pub named: BTreeSet<String>,
    pub system_calls: BTreeSet<SystemCall>,
    /// It calls through pointers.
    pub pointers: bool,
    /// It may return, or go on elsewhere. What does not ends the process or the
    /// thread.
    pub returns: bool,
}

/// The functions that take system calls' numbers, if there are any: what poll(2)
/// passes its number to, and what that calls.
pub fn wrappers(image: &Image) -> Vec<u64> {
    let Some(first) = poll_calls(image) else { return Vec::new() };
    let end = image.functions.get(&first).copied().unwrap_or(first);
    [first].into_iter().chain(read(image, first, end).calls).collect()
}

fn poll_calls(image: &Image) -> Option<u64> {
    const POLL: u64 = 7;
    let (_, start) = image.symbols.iter().find(|(name, _)| name == "poll")?;
    let bytes = image.bytes(*start, *image.functions.get(start)?);
    let mut passed = false;
    for instruction in Decoder::with_ip(64, bytes, *start, DecoderOptions::NONE).iter() {
        if instruction.mnemonic() == Mnemonic::Push && instruction.op0_kind() != OpKind::Register {
            passed = instruction.try_immediate(0).is_ok_and(|n| n == POLL);
        } else if passed && instruction.flow_control() == FlowControl::Call {
            return Some(instruction.near_branch_target());
        }
    }
    None
}

/// Read the code of a function.
pub fn read(image: &Image, start: u64, end: u64) -> Function {
    let mut function = Function::default();
    let bytes = image.bytes(start, end);
    let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
    let mut code: BTreeMap<u64, Instruction> = BTreeMap::new();
    while decoder.can_decode() {
        let instruction = decoder.decode();
        code.insert(instruction.ip(), instruction);
    }
    let mut factory = InstructionInfoFactory::new();
    let mut before: BTreeMap<u64, State> = BTreeMap::new();
    // Anything may enter at the start; what only a table of jumps reaches is found below.
    let mut work = vec![start];
    before.insert(start, nothing_known());
    let mut sweep = code.keys().copied().collect::<Vec<_>>().into_iter();
    loop {
        let Some(at) = work.pop() else {
            // Code that nothing seen so far leads to: a table of jumps does.
            let Some(next) = sweep.by_ref().find(|at| !before.contains_key(at)) else { break };
            before.insert(next, nothing_known());
            work.push(next);
            continue;
        };
        let Some(instruction) = code.get(&at) else { continue };
        let mut state = before[&at].clone();
        step(instruction, &mut state, &mut factory);
        let mut next = Vec::new();
        match instruction.flow_control() {
            FlowControl::Next
            | FlowControl::Call
            | FlowControl::IndirectCall
            | FlowControl::Interrupt => next.push(instruction.next_ip()),
            FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend => {
                next.push(instruction.next_ip());
                next.push(instruction.near_branch_target());
            }
            FlowControl::UnconditionalBranch => next.push(instruction.near_branch_target()),
            _ => {}
        }
        for to in next {
            if !code.contains_key(&to) {
                continue;
            }
            let joined = match before.get(&to) {
                Some(old) => {
                    let new: State = old.iter().zip(&state).map(|(a, b)| a.join(b)).collect();
                    if new == *old {
                        continue;
                    }
                    new
                }
                None => state.clone(),
            };
            before.insert(to, joined);
            work.push(to);
        }
    }
    let inside = |at: u64| start <= at && at < end;
    let mut previous: Option<&Instruction> = None;
    let mut pushed = None;
    for (at, instruction) in &code {
        let state = &before[at];
        if instruction.mnemonic() == Mnemonic::Push && instruction.op0_kind() != OpKind::Register {
            pushed = instruction.try_immediate(0).ok().map(|number| number as u32);
        }
        if instruction.code() == Code::Syscall {
            for number in values(&state[0]) {
                for second in values(&state[6]) {
                    function.system_calls.insert(SystemCall { number, second });
                }
            }
            previous = Some(instruction);
            continue;
        }
        function.returns |= match instruction.flow_control() {
            FlowControl::Return | FlowControl::IndirectBranch => true,
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                !inside(instruction.near_branch_target())
            }
            _ => false,
        };
        match instruction.flow_control() {
            FlowControl::Call
            | FlowControl::UnconditionalBranch
            | FlowControl::ConditionalBranch => {
                let to = instruction.near_branch_target();
                if image.wrappers.contains(&to) {
                    for second in values(&state[6]) {
                        function.system_calls.insert(SystemCall { number: pushed, second });
                    }
                } else if !inside(to) || to == start {
                    function.call(image, to);
                }
            }
            FlowControl::IndirectCall | FlowControl::IndirectBranch => {
                let table = previous.is_some_and(|p| {
                    matches!(p.mnemonic(), Mnemonic::Add | Mnemonic::Lea)
                        && instruction.flow_control() == FlowControl::IndirectBranch
                        && p.op0_register() == instruction.op0_register()
                });
                if instruction.is_ip_rel_memory_operand() {
                    function.through(image, instruction.ip_rel_memory_address());
                } else if !table {
                    function.pointers = true;
                }
            }
            _ => {
                // Addresses that it takes: of functions, and of tables of them.
                if instruction.is_ip_rel_memory_operand() {
                    let to = instruction.ip_rel_memory_address();
                    if instruction.mnemonic() == Mnemonic::Lea {
                        if image.functions.contains_key(&to) {
                            function.calls.insert(to);
                        }
                        let mut word = to;
                        while let Some(pointer) = image.pointers.get(&word) {
                            function.point(image, pointer);
                            word += 8;
                        }
                    } else if let Some(pointer) = image.pointers.get(&to) {
                        function.point(image, pointer);
                    }
                }
            }
        }
        previous = Some(instruction);
    }
    function
}

fn values(value: &Value) -> Vec<Option<u32>> {
    match value.get() {
        Some(all) => all.into_iter().map(Some).collect(),
        None => vec![None],
    }
}

impl Function {
    fn call(&mut self, image: &Image, to: u64) {
        if image.stubs.iter().any(|r| r.contains(&to)) {
            let bytes = image.bytes(to, to + 16);
            let mut decoder = Decoder::with_ip(64, bytes, to, DecoderOptions::NONE);
            while decoder.can_decode() {
                let i = decoder.decode();
                if i.flow_control() == FlowControl::IndirectBranch && i.is_ip_rel_memory_operand() {
                    return self.through(image, i.ip_rel_memory_address());
                }
            }
            self.pointers = true;
            return;
        }
        match image.function_at(to) {
            Some(f) => {
                self.calls.insert(f);
            }
            // Whatever that is, it is not known.
            None => self.pointers = true,
        }
    }

    fn through(&mut self, image: &Image, word: u64) {
        match image.pointers.get(&word) {
            Some(pointer) => self.point(image, &pointer.clone()),
            None => {
                self.pointers = true;
            }
        }
    }

    fn point(&mut self, image: &Image, pointer: &Pointer) {
        match pointer {
            Pointer::Here(to) => {
                if image.functions.contains_key(to) {
                    self.calls.insert(*to);
                }
            }
            Pointer::Named(name) => {
                self.named.insert(name.clone());
            }
        }
    }
}

fn step(instruction: &Instruction, state: &mut State, factory: &mut InstructionInfoFactory) {
    let operand = |state: &State| match instruction.op1_kind() {
        OpKind::Register => {
            number(instruction.op1_register()).map_or(Value::Any, |r| state[r].clone())
        }
        OpKind::Immediate8
        | OpKind::Immediate32
        | OpKind::Immediate8to32
        | OpKind::Immediate8to64
        | OpKind::Immediate32to64
        | OpKind::Immediate64 => Value::is(instruction.immediate(1) as u32),
        _ => Value::Any,
    };
    let target = (instruction.op0_kind() == OpKind::Register)
        .then(|| instruction.op0_register())
        .filter(|r| r.is_gpr32() || r.is_gpr64())
        .and_then(number);
    let result = target.and_then(|r| {
        let same = instruction.op1_kind() == OpKind::Register
            && instruction.op0_register() == instruction.op1_register();
        Some((
            r,
            match instruction.mnemonic() {
                Mnemonic::Mov => operand(state),
                Mnemonic::Xor | Mnemonic::Sub if same => Value::is(0),
                Mnemonic::Xor | Mnemonic::Or | Mnemonic::And | Mnemonic::Add | Mnemonic::Sub => {
                    let Value::OneOf(b) = operand(state) else { return None };
                    if b.len() != 1 {
                        return None;
                    }
                    let b = *b.first()?;
                    let m = instruction.mnemonic();
                    state[r].map(|a| match m {
                        Mnemonic::Xor => a ^ b,
                        Mnemonic::Or => a | b,
                        Mnemonic::And => a & b,
                        Mnemonic::Add => a.wrapping_add(b),
                        _ => a.wrapping_sub(b),
                    })
                }
                _ if instruction.mnemonic() >= Mnemonic::Cmova
                    && instruction.mnemonic() <= Mnemonic::Cmovs =>
                {
                    state[r].join(&operand(state))
                }
                _ => return None,
            },
        ))
    });
    for used in factory.info(instruction).used_registers() {
        if matches!(
            used.access(),
            OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        ) {
            if let Some(r) = number(used.register()) {
                state[r] = Value::Any;
            }
        }
    }
    if instruction.code() == Code::Syscall {
        for r in [0, 1, 11] {
            state[r] = Value::Any;
        }
    } else if matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall) {
        // What a function may change: rax rcx rdx rsi rdi r8-r11.
        for r in [0, 1, 2, 6, 7, 8, 9, 10, 11] {
            state[r] = Value::Any;
        }
    }
    if let Some((r, value)) = result {
        state[r] = value;
    }
}
