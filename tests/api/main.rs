//! The Rust API, and its examples.

mod case;
mod computing;
mod examples;
mod first_turn;
mod gevent_table;
mod greenlets;
mod io;
mod models;
mod objects;
mod pools;
#[path = "../support/examples.rs"]
mod printed;

fn main() {
    let groups = [
        ("greenlets", greenlets::CASES),
        ("first_turn", first_turn::CASES),
        ("objects", objects::CASES),
        ("pools", pools::CASES),
        ("io", io::CASES),
        ("models", models::CASES),
        ("computing", computing::CASES),
    ];
    let mut others = examples::trials();
    others.push(gevent_table::trial());
    case::main(&groups, others);
}
