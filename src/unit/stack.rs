//! Where a greenlet's stack is.

/// The part of a unit that its greenlet runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The end of the stack, where it begins to grow down.
    pub base: usize,
    /// The lowest usable address.
    pub limit: usize,
    /// Size of the guard below `limit`; 0: none.
    pub guard: usize,
}

impl Stack {
    /// An empty description, for the greenlet on an OS thread's own stack.
    pub const NONE: Stack = Stack { base: 0, limit: 0, guard: 0 };

    /// Whether `address` is one of the stack's, or of its guard.
    pub fn holds_or_guards(&self, address: usize) -> bool {
        (self.limit - self.guard..=self.base).contains(&address)
    }

    /// Whether `address` lies in the guard: whoever runs on this stack and
    /// touches it has used the stack up.
    pub fn guards(&self, address: usize) -> bool {
        (self.limit - self.guard..self.limit).contains(&address)
    }
}

// SAFETY: base and limit are page-aligned bounds of a mapping that is never
// unmapped; the guard lies below the limit.
unsafe impl corosensei::stack::Stack for Stack {
    fn base(&self) -> corosensei::stack::StackPointer {
        corosensei::stack::StackPointer::new(self.base).expect("a stack has an address")
    }
    fn limit(&self) -> corosensei::stack::StackPointer {
        corosensei::stack::StackPointer::new(self.limit).expect("a stack has an address")
    }
}
