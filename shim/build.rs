//! Names the library, and links the libraries in which dlsym(3) and the thread functions are before
//! glibc 2.34. From then on they are empty and there for such as us; see
//! `src/symbol_versions.rs`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(geventrs_linked)");
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
        // What programs that link the library ask for at run time.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libgeventrs.so.0");
        println!(
            "cargo:rustc-cdylib-link-arg=-Wl,--push-state,--no-as-needed,\
             -l:libpthread.so.0,-l:libdl.so.2,--pop-state"
        );
    }
}
