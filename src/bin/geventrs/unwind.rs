//! The calls on a stack, from a copy of it and the registers at its top: by the
//! unwind tables of the modules (`.eh_frame`), and where there are none, as in
//! code that was made at run time, by frame pointers.

use crate::address_space::{AddressSpace, Module, Place};
use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, EndianSlice, EvaluationResult, Expression,
    LittleEndian, Location, Register, RegisterRule, UnwindContext, UnwindExpression, UnwindSection,
    UnwindTableRow, Value,
};
use object::{Object, ObjectSection};

type Slice<'a> = EndianSlice<'a, LittleEndian>;
type Row = UnwindTableRow<usize>;

/// Frames, at most.
const MOST: usize = 256;

/// DWARF numbers of registers: x86-64's ABI.
#[cfg(target_arch = "x86_64")]
mod number {
    pub const SP: u16 = 7;
    pub const FP: u16 = 6;
    pub const BX: u16 = 3;
    pub const RETURN: u16 = 16;
    pub const COUNT: usize = 17;
}
/// The same of aarch64's.
#[cfg(target_arch = "aarch64")]
mod number {
    pub const SP: u16 = 31;
    pub const FP: u16 = 29;
    pub const BX: u16 = 19;
    pub const RETURN: u16 = 30;
    pub const COUNT: usize = 33;
}

/// What of a stack is known.
pub struct Stack {
    /// The address of its first byte.
    pub start: u64,
    pub bytes: Vec<u8>,
    pub pc: u64,
    pub sp: u64,
    pub fp: u64,
    pub bx: u64,
}

impl Stack {
    fn word(&self, at: u64) -> Option<u64> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        let bytes = self.bytes.get(from..from.checked_add(8)?)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn holds(&self, at: u64) -> bool {
        (self.start..=self.start + self.bytes.len() as u64).contains(&at)
    }
}

#[derive(Clone)]
struct Registers {
    pc: u64,
    values: [Option<u64>; number::COUNT],
}

impl Registers {
    fn get(&self, register: u16) -> Option<u64> {
        *self.values.get(usize::from(register))?
    }

    fn set(&mut self, register: u16, value: Option<u64>) {
        if let Some(place) = self.values.get_mut(usize::from(register)) {
            *place = value;
        }
    }
}

/// Code addresses, the innermost first. All but the first, and those that a signal
/// has interrupted, are return addresses less one: inside the call.
pub fn unwind(space: &mut AddressSpace, stack: &Stack) -> Vec<u64> {
    let mut registers = Registers { pc: stack.pc, values: [None; number::COUNT] };
    registers.set(number::SP, Some(stack.sp));
    // The frame pointer of a thread that is blocked in the kernel is not known.
    registers.set(number::FP, Some(stack.fp).filter(|&fp| fp != 0));
    registers.set(number::BX, Some(stack.bx));
    let (mut frames, mut exact) = (Vec::new(), false);
    // What was saved by a switch is a return address as well.
    let mut context = UnwindContext::new();
    while frames.len() < MOST && registers.pc != 0 {
        let at = if exact { registers.pc } else { registers.pc - 1 };
        if !space.is_code(at) {
            break;
        }
        frames.push(at);
        let before = registers.get(number::SP);
        let next = space
            .place(at)
            .and_then(|place| by_tables(&place, &registers, stack, &mut context))
            .or_else(|| by_frame_pointer(&registers, stack).map(|r| (r, false)));
        let Some((next, signal)) = next else { break };
        // Frames lie one above the other, and all on this stack.
        let sp = next.get(number::SP);
        if sp <= before || sp.is_none_or(|sp| !stack.holds(sp)) {
            break;
        }
        (registers, exact) = (next, signal);
    }
    frames
}

/// One frame up by frame pointer: the caller's frame pointer and the return
/// address lie side by side.
fn by_frame_pointer(registers: &Registers, stack: &Stack) -> Option<Registers> {
    let fp = registers.get(number::FP)?;
    let mut next = registers.clone();
    next.pc = stack.word(fp + 8)?;
    next.set(number::FP, stack.word(fp));
    next.set(number::SP, Some(fp + 16));
    next.set(number::BX, None);
    Some(next)
}

/// One frame up by the module's tables; and whether it is a signal's frame, so
/// that the next address is no return address.
fn by_tables(
    place: &Place,
    registers: &Registers,
    stack: &Stack,
    context: &mut UnwindContext<usize>,
) -> Option<(Registers, bool)> {
    let tables = Tables::of(&place.module)?;
    let (row, signal) = tables.row(place.address, context)?;
    let cfa = match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => {
            registers.get(register.0)?.wrapping_add_signed(*offset)
        }
        CfaRule::Expression(e) => tables.evaluate(e, registers, stack, None)?,
    };
    let mut next = registers.clone();
    next.set(number::RETURN, None);
    // Registers that calls may change are not known any more; that of the stack
    // is where the frame ends.
    next.set(number::SP, Some(cfa));
    let mut return_address = None;
    for (register, rule) in row.registers() {
        let value = match rule {
            RegisterRule::SameValue => registers.get(register.0),
            RegisterRule::Offset(offset) => stack.word(cfa.wrapping_add_signed(*offset)),
            RegisterRule::ValOffset(offset) => Some(cfa.wrapping_add_signed(*offset)),
            RegisterRule::Register(other) => registers.get(other.0),
            RegisterRule::Expression(e) => {
                tables.evaluate(e, registers, stack, Some(cfa)).and_then(|at| stack.word(at))
            }
            RegisterRule::ValExpression(e) => tables.evaluate(e, registers, stack, Some(cfa)),
            RegisterRule::Constant(value) => Some(*value),
            _ => None,
        };
        if register.0 == number::RETURN {
            return_address = value;
        } else {
            next.set(register.0, value);
        }
    }
    next.pc = return_address.or(registers.get(number::RETURN))?;
    Some((next, signal))
}

/// A module's unwind tables.
struct Tables<'a> {
    frames: EhFrame<Slice<'a>>,
    index: Option<&'a [u8]>,
    bases: BaseAddresses,
}

impl<'a> Tables<'a> {
    fn of(module: &'a Module) -> Option<Tables<'a>> {
        let elf = module.elf()?;
        let section = |name: &str| {
            let section = elf.section_by_name(name)?;
            Some((section.address(), section.data().ok()?))
        };
        let (at, frames) = section(".eh_frame")?;
        let mut bases = BaseAddresses::default().set_eh_frame(at);
        if let Some((at, _)) = section(".text") {
            bases = bases.set_text(at);
        }
        if let Some((at, _)) = section(".got") {
            bases = bases.set_got(at);
        }
        let index = section(".eh_frame_hdr").map(|(at, data)| {
            bases = bases.clone().set_eh_frame_hdr(at);
            data
        });
        Some(Tables { frames: EhFrame::new(frames, LittleEndian), index, bases })
    }

    fn row(&self, address: u64, context: &mut UnwindContext<usize>) -> Option<(Row, bool)> {
        let parsed = self
            .index
            .and_then(|data| EhFrameHdr::new(data, LittleEndian).parse(&self.bases, 8).ok());
        let entry = match parsed.as_ref().and_then(|header| header.table()) {
            Some(table) => table
                .fde_for_address(&self.frames, &self.bases, address, EhFrame::cie_from_offset)
                .ok()?,
            None => {
                self.frames.fde_for_address(&self.bases, address, EhFrame::cie_from_offset).ok()?
            }
        };
        let signal = entry.is_signal_trampoline();
        let row =
            entry.unwind_info_for_address(&self.frames, &self.bases, context, address).ok()?;
        Some((row.clone(), signal))
    }

    /// The value of an expression; rules of registers begin with the CFA.
    fn evaluate(
        &self,
        expression: &UnwindExpression<usize>,
        registers: &Registers,
        stack: &Stack,
        cfa: Option<u64>,
    ) -> Option<u64> {
        const FORMAT: gimli::Encoding =
            gimli::Encoding { address_size: 8, format: gimli::Format::Dwarf32, version: 4 };
        let expression: Expression<Slice> = expression.get(&self.frames).ok()?;
        let mut evaluation = expression.evaluation(FORMAT);
        if let Some(cfa) = cfa {
            evaluation.set_initial_value(cfa);
        }
        let mut result = evaluation.evaluate().ok()?;
        loop {
            result = match result {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresRegister { register: Register(n), .. } => {
                    evaluation.resume_with_register(Value::Generic(registers.get(n)?)).ok()?
                }
                EvaluationResult::RequiresMemory { address, .. } => {
                    evaluation.resume_with_memory(Value::Generic(stack.word(address)?)).ok()?
                }
                _ => return None,
            };
        }
        match evaluation.as_result().first()?.location {
            Location::Address { address } => Some(address),
            Location::Value { value: Value::Generic(v) } => Some(v),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Stack {
        // Two frames: each has the caller's frame pointer and a return address.
        let words = [0u64, 0x1020, 0x500, 0, 0, 0x600, 0];
        let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        Stack { start: 0x1000, bytes, pc: 0x400, sp: 0x1000, fp: 0x1008, bx: 0 }
    }

    #[test]
    fn frame_pointers_lead_to_the_caller() {
        let stack = chain();
        let mut registers = Registers { pc: stack.pc, values: [None; number::COUNT] };
        registers.set(number::FP, Some(stack.fp));
        let next = by_frame_pointer(&registers, &stack).unwrap();
        assert_eq!((next.pc, next.get(number::FP)), (0x500, Some(0x1020)));
        assert_eq!(next.get(number::SP), Some(0x1018));
        let next = by_frame_pointer(&next, &stack).unwrap();
        assert_eq!((next.pc, next.get(number::FP)), (0x600, Some(0)));
        assert!(by_frame_pointer(&next, &stack).is_none(), "behind the end");
    }

    #[test]
    fn what_was_not_copied_is_not_read() {
        let stack = chain();
        assert_eq!(stack.word(0x1010), Some(0x500));
        assert_eq!(stack.word(0xfff), None);
        assert_eq!(stack.word(u64::MAX), None);
        assert_eq!(stack.word(0x1000 + 7 * 8 - 4), None);
    }
}
