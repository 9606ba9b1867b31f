//! The Rust API, and its examples.

mod as_gevent;
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
    let words: Vec<String> = std::env::args().collect();
    if words.get(1).is_some_and(|w| w == "--case") && as_gevent::run_case(&words[2]) {
        return;
    }
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
    others.extend(as_gevent::trials());
    case::main(&groups, others);
}
