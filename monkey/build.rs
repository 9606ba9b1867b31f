//! Says that the hooks go into an executable.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(geventrs_linked)");
    println!("cargo:rustc-cfg=geventrs_linked");
}
