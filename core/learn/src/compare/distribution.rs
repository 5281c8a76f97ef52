//! Student's t, central and not, to about ten digits.

use std::f64::consts::PI;

/// Pieces into which integrals are cut; even.
const PIECES: usize = 2000;

/// Distribution function of a normal number of mean 0 and variance 1.
pub(super) fn normal(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    // Abramowitz and Stegun, 7.1.6: a series whose terms are all of one sign.
    let z = x / std::f64::consts::SQRT_2;
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= 2.0 * z * z / odd;
        sum += term;
    }
    0.5 + sum * (-z * z).exp() / PI.sqrt()
}

/// Distribution function at `t` of Student's t with `freedom` degrees of freedom, shifted by `away` (the noncentrality; 0: the
/// ordinary one).
///
/// (Z + away) / √(χ²/freedom) is integrated over its denominator.
pub(super) fn student(t: f64, freedom: usize, away: f64) -> f64 {
    let freedom = freedom.max(1);
    let n = freedom as f64;
    // ln Γ(n/2), exact by recursion from Γ(1/2) or Γ(1).
    let (mut at, mut ln_gamma) = if freedom.is_multiple_of(2) { (1.0, 0.0) } else { (0.5, 0.5 * PI.ln()) };
    while at < n / 2.0 - 0.25 {
        ln_gamma += f64::ln(at);
        at += 1.0;
    }
    let constant = std::f64::consts::LN_2 + n / 2.0 * (n / 2.0).ln() - ln_gamma;
    let density = |u: f64| if u == 0.0 { 0.0 } else { (constant + (n - 1.0) * u.ln() - n * u * u / 2.0).exp() };
    let of = |u: f64| density(u) * normal(t * u - away);
    let least = (1.0 - 8.0 / n.sqrt()).max(0.0);
    let width = (1.0 + 8.0 / n.sqrt() - least) / PIECES as f64;
    let inner: f64 = (1..PIECES).map(|piece| of(least + piece as f64 * width) * if piece % 2 == 1 { 4.0 } else { 2.0 }).sum();
    // With one degree of freedom the density does not begin at zero.
    let first = if freedom == 1 && least == 0.0 { constant.exp() * normal(-away) } else { of(least) };
    ((first + inner + of(least + PIECES as f64 * width)) * width / 3.0).clamp(0.0, 1.0)
}

/// Where Student's t with `freedom` degrees of freedom has a share `share` of its mass below it.
pub(super) fn student_quantile(share: f64, freedom: usize) -> f64 {
    bisect([-1e4, 1e4], |t| student(t, freedom, 0.0) < share)
}

/// The noncentrality at which `student(t)` is `share`.
pub(super) fn noncentrality(t: f64, freedom: usize, share: f64) -> f64 {
    let reach = 40.0 + 3.0 * t.abs();
    bisect([-reach, reach], |away| student(t, freedom, away) > share)
}

/// Where `is_below` ends to be true.
fn bisect([mut low, mut high]: [f64; 2], is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if is_below(middle) {
            low = middle
        } else {
            high = middle
        }
        if high - low <= 1e-10 * middle.abs().max(1e-3) {
            break;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        for (x, share) in [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-1.959_963_984_540_054, 0.025), (3.0, 0.998_650_101_968_37)] {
            assert!((normal(x) - share).abs() < 1e-12, "{x}: {}", normal(x));
        }
    }

    #[test]
    fn quantiles_of_t_are_those_of_the_tables() {
        for (freedom, t) in [(1, 12.706_204_736), (2, 4.302_652_730), (4, 2.776_445_105), (9, 2.262_157_163), (30, 2.042_272_456)] {
            let found = student_quantile(0.975, freedom);
            assert!((found - t).abs() < 1e-6 * t, "{freedom}: {found}");
        }
    }

    /// With one and two degrees of freedom the distribution has a closed form.
    #[test]
    fn the_integral_agrees_with_closed_forms() {
        for t in [-5.0, -0.3, 0.0, 1.0, 7.5] {
            let cauchy = 0.5 + f64::atan(t) / PI;
            assert!((student(t, 1, 0.0) - cauchy).abs() < 1e-9, "{t}");
            let two = 0.5 + t / (2.0 * (2.0 + t * t).sqrt());
            assert!((student(t, 2, 0.0) - two).abs() < 1e-9, "{t}");
        }
    }

    /// P(T ≤ 0) is P(Z ≤ −δ) whatever the degrees of freedom.
    #[test]
    fn noncentral_t_is_right_at_zero_and_its_noncentrality_is_found_again() {
        for freedom in [3, 4, 11] {
            for away in [-1.5, 0.0, 2.0] {
                assert!((student(0.0, freedom, away) - normal(-away)).abs() < 1e-9);
                let share = student(1.7, freedom, away);
                assert!((noncentrality(1.7, freedom, share) - away).abs() < 1e-5);
            }
        }
    }
}
