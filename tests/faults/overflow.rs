// A Rust thread overruns its stack: std's own handler reports it and aborts.
#[inline(never)]
#[allow(unconditional_recursion)]
fn overrun(n: u64) -> u64 {
    let block = std::hint::black_box([n; 128]);
    overrun(n + 1) + block[5]
}

fn main() {
    let thread = std::thread::Builder::new().name("deep".into()).stack_size(256 * 1024);
    let value = thread.spawn(|| overrun(0)).expect("a thread").join();
    println!("{value:?}");
}
