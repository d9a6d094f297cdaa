#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts of a test as numbers")]

use super::*;

/// Bytes of a small generator: even enough to see the shape of a distribution, and the same at each run.
struct Mixed(u64);

impl Bytes for Mixed {
    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31).to_le_bytes()[0]
    }
}

/// The given bytes, and how many were taken.
struct Given<'a>(&'a [u8], usize);

impl Bytes for Given<'_> {
    fn byte(&mut self) -> u8 {
        self.1 += 1;
        self.0[self.1 - 1]
    }
}

#[derive(serde::Deserialize)]
struct Vectors {
    r24: Vec<i128>,
    l24: Vec<i128>,
}

#[test]
fn the_coefficients_are_those_of_the_vectors() {
    let read: Vectors = serde_json::from_str(include_str!("../../../../tests/data/noise_vectors.json")).unwrap();
    assert_eq!(roots().to_vec(), read.r24);
    assert_eq!(COEFFICIENTS.to_vec(), read.l24);
}

#[test]
fn a_choice_takes_as_many_bytes_as_it_needs_and_tries_again_above_its_end() {
    for (n, bytes, gives, takes) in [
        (1, &[255][..], 0, 1),
        (2, &[254, 1], 0, 1),
        (3, &[255, 7, 2], 2, 3),
        (256, &[200], 200, 1),
        (257, &[0xff, 0xff, 0x01, 0x00], 256, 4),
        (1_000_003, &[0x0f, 0x42, 0x42], 1_000_002, 3),
        (1_000_003, &[0x0f, 0x42, 0x43, 0, 0, 9], 9, 6),
    ] {
        let mut given = Given(bytes, 0);
        assert_eq!((below(&mut given, n), given.1), (gives, takes), "{n}");
    }
}

#[test]
fn the_greatest_common_divisor() {
    for (a, b, common) in [(0, 5, 5), (5, 0, 5), (12, 18, 6), (1 << 90, 3 << 40, 1 << 40), (35, 64, 1), (7, 7, 7)] {
        assert_eq!(gcd(a, b), common, "{a} {b}");
    }
}

/// How far draws of a discrete Gaussian are from its exact probabilities, and the degrees of freedom.
fn chi_square(of: u32, against: u32, draws: u32) -> (f64, f64) {
    let density = |x: i64| (-(x * x) as f64 / (2.0 * f64::from(against))).exp();
    let all: f64 = (-200..=200).map(density).sum();
    let edge = (f64::from(of).sqrt() * 3.0) as i64;
    let mut seen = vec![0_u32; usize::try_from(2 * edge + 3).unwrap()];
    let mut bytes = Mixed(7);
    for _ in 0..draws {
        let drawn = i64::try_from(dgauss(&mut bytes, u128::from(of))).unwrap().clamp(-edge - 1, edge + 1);
        seen[usize::try_from(drawn + edge + 1).unwrap()] += 1;
    }
    let tail = (edge + 1..=200).map(density).sum::<f64>();
    let expected = |n: usize| {
        let x = i64::try_from(n).unwrap() - edge - 1;
        f64::from(draws) / all * if x.abs() > edge { tail } else { density(x) }
    };
    let off = |(n, seen): (usize, &u32)| (f64::from(*seen) - expected(n)).powi(2) / expected(n);
    (seen.iter().enumerate().map(off).sum(), (seen.len() - 1) as f64)
}

/// Four standard deviations of a chi-square with so many degrees of freedom; the bytes are the same at each run.
fn bound(free: f64) -> f64 {
    free + 4.0 * (2.0 * free).sqrt()
}

#[test]
fn draws_fall_as_often_as_the_discrete_gaussian_says() {
    for variance in [1, 2, 9, 12, 36] {
        let (off, free) = chi_square(variance, variance, 40_000);
        assert!(off < bound(free), "variance {variance}: {off} at {free} degrees of freedom");
    }
    let (off, free) = chi_square(9, 10, 40_000);
    assert!(off > bound(free), "a wrong variance is noticed: {off}");
}

#[test]
fn a_number_is_rounded_to_the_nearest_whole_one() {
    for (noise, published) in
        [(0, 37), (1 << 59, 38), ((1 << 59) - 1, 37), (-(1 << 59), 37), (-(1 << 59) - 1, 36), (-(40 << 60), -3)]
    {
        assert_eq!(rounded(37, noise), published, "{noise}");
    }
}
