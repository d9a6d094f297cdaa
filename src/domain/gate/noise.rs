//! The noise of the gate: a discrete Gaussian, correlated over the reports of an epoch. Integers only.
//!
//! ```text
//! below(n):         as many bytes as n - 1 needs, big-endian, masked to its bits; again until it is under n
//! bern(p/q):        below(q) < p, the fraction in lowest terms
//! bern_exp1(x):     0 ≤ x ≤ 1: k = 1; while bern(x/k): k += 1; whether k is odd
//! dgauss(σ²):       Canonne, Kamath, Steinke 2020, by rejection from a discrete Laplace
//! noise(label, t):  Σ over j ≤ t of L(t - j) · dgauss on the stream "label|zj" with σ² = s²·2⁴⁰, in units of 2⁻⁶⁰
//! publish:          floor(count + noise + 1/2)
//! ```
//!
//! `L` is the square root of the matrix of all running sums (Fichtenberger, Henzinger, Upadhyay): its noise grows slowly with
//! the number of reports, and each report costs a child little beside the first.

use super::REPORTS;

/// Where the bytes come from: a keyed stream, which for the same label is the same for ever.
pub trait Bytes {
    /// The next byte.
    fn byte(&mut self) -> u8;
}

/// Bits of the grid on which noise is drawn.
const GRID: u32 = 20;
/// Bits of the coefficients.
const FINE: u32 = 40;
/// Bits of one, in the units of [`noise`].
const ONE: u32 = GRID + FINE;

/// A scale of noise in halves: 3.5 is seven of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scale(u32);

impl Scale {
    /// A scale of so many halves.
    #[must_use]
    pub const fn halves(halves: u32) -> Self {
        Self(halves)
    }

    /// Twice the scale: that of a county.
    #[must_use]
    pub const fn doubled(self) -> Self {
        Self(self.0 * 2)
    }

    /// The scale as a number.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 2.0
    }

    /// The scale as it stands in the text of the menu: `3`, `3.5`.
    #[must_use]
    pub fn text(self) -> String {
        if self.0.is_multiple_of(2) { (self.0 / 2).to_string() } else { format!("{}.5", self.0 / 2) }
    }

    /// The variance on the grid.
    const fn variance(self) -> u128 {
        (self.0 as u128 * self.0 as u128) << (2 * GRID - 2)
    }
}

/// An even choice among the numbers under `n`, which is at least 1.
#[must_use]
pub fn below<B: Bytes>(bytes: &mut B, n: u128) -> u128 {
    let bits = u128::BITS - (n - 1).leading_zeros();
    let mask = if bits == 0 { 0 } else { u128::MAX >> (u128::BITS - bits) };
    loop {
        let read = (0..bits.div_ceil(8).max(1)).fold(0, |read: u128, _| read << 8 | u128::from(bytes.byte()));
        if read & mask < n {
            return read & mask;
        }
    }
}

/// True with probability `p / q`, in lowest terms.
fn bern<B: Bytes>(bytes: &mut B, p: u128, q: u128) -> bool {
    below(bytes, q) < p
}

/// True with probability e to the power of `-p / q`, at most 1, in lowest terms.
fn bern_exp1<B: Bytes>(bytes: &mut B, p: u128, q: u128) -> bool {
    let mut k = 1;
    loop {
        // p and q have no common divisor: what p and q·k have in common divides k.
        let common = gcd(p % k, k);
        if !bern(bytes, p / common, q * (k / common)) {
            return k % 2 == 1;
        }
        k += 1;
    }
}

/// True with probability e to the power of `-p / q`, in lowest terms.
fn bern_exp<B: Bytes>(bytes: &mut B, mut p: u128, q: u128) -> bool {
    while p > q {
        if !bern_exp1(bytes, 1, 1) {
            return false;
        }
        p -= q;
    }
    bern_exp1(bytes, p, q)
}

/// A discrete Laplace of scale `t`: whether it is negative, and its size.
fn dlaplace<B: Bytes>(bytes: &mut B, t: u128) -> (bool, u128) {
    loop {
        let u = below(bytes, t);
        let common = gcd(u, t);
        if !bern_exp(bytes, u / common, t / common) {
            continue;
        }
        let mut v = 0;
        while bern_exp(bytes, 1, 1) {
            v += 1;
        }
        let size = u + t * v;
        let negative = bern(bytes, 1, 2);
        if !(negative && size == 0) {
            return (negative, size);
        }
    }
}

/// A discrete Gaussian of this variance, at least 1 and under 2⁵⁰.
#[must_use]
pub fn dgauss<B: Bytes>(bytes: &mut B, variance: u128) -> i128 {
    let t = variance.isqrt() + 1;
    let q = 2 * variance * t * t;
    loop {
        let (negative, size) = dlaplace(bytes, t);
        let off = (size * t).abs_diff(variance);
        let p = off * off;
        let common = gcd(p, q);
        if bern_exp(bytes, p / common, q / common) {
            let size = size.cast_signed();
            return if negative { -size } else { size };
        }
    }
}

/// The greatest common divisor; that of 0 and n is n.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let twos = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    while b != 0 {
        b >>= b.trailing_zeros();
        (a, b) = (a.min(b), a.abs_diff(b));
    }
    a << twos
}

/// 2²⁰ times C(2k, k) / 4ᵏ, rounded.
const fn roots() -> [i128; REPORTS] {
    let mut out = [0; REPORTS];
    let mut choose: i128 = 1;
    let mut k = 0;
    while k < REPORTS {
        let four = 1_i128 << (2 * k);
        out[k] = ((choose << GRID) * 2 + four) / (2 * four);
        k += 1;
        choose = choose * 2 * (2 * k as i128 - 1) / k as i128;
    }
    out
}

/// Bits of the fractions from which the coefficients are made: enough that none is rounded the wrong way.
const EXACT: u32 = 96;

const fn coefficients() -> [i128; REPORTS] {
    let roots = roots();
    let mut exact = [1_i128 << EXACT; REPORTS];
    let mut out = [1_i128 << FINE; REPORTS];
    let mut k = 1;
    while k < REPORTS {
        let mut sum = 0;
        let mut i = 1;
        while i <= k {
            sum += roots[i] * exact[k - i];
            i += 1;
        }
        exact[k] = (1 << EXACT) - (sum >> GRID);
        out[k] = ((exact[k] >> (EXACT - FINE - 1)) + 1) >> 1;
        k += 1;
    }
    out
}

/// 2⁴⁰ times what the noise of a report counts in each later one.
pub const COEFFICIENTS: [i128; REPORTS] = coefficients();

/// The noise of one cell in the report `report`, 1 to [`REPORTS`], in units of 2⁻⁶⁰. `stream` gives the bytes of a label.
#[must_use]
pub fn noise<B: Bytes>(stream: impl Fn(&str) -> B, label: &str, scale: Scale, report: usize) -> i128 {
    let drawn = |j: usize| dgauss(&mut stream(&format!("{label}|z{j}")), scale.variance());
    let report = report.min(REPORTS);
    (1..=report).map(|j| COEFFICIENTS[report - j] * drawn(j)).sum()
}

/// What is published of a count: with its noise, rounded.
#[must_use]
pub fn rounded(count: u32, noise: i128) -> i64 {
    let sum = (i128::from(count) << ONE) + noise + (1 << (ONE - 1));
    i64::try_from(sum >> ONE).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
