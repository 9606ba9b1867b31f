//! Medians, and the order of the runs.

/// What several runs of one thing gave, or why there is no result.
pub type Samples = Result<Vec<f64>, String>;

pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// Runs the contestants in turn (A B C A B C …), `rounds` times. One which has
/// failed does not run again.
pub fn rotate<C, T>(
    rounds: usize,
    contestants: &[C],
    run: impl Fn(&C) -> Result<T, String>,
) -> Vec<Result<Vec<T>, String>> {
    let mut results: Vec<_> = contestants.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..rounds {
        for (contestant, result) in contestants.iter().zip(&mut results) {
            let Ok(values) = result else { continue };
            match run(contestant) {
                Ok(value) => values.push(value),
                Err(error) => *result = Err(error),
            }
        }
    }
    results
}
