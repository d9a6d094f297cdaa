//! How a stored number is shown: under ten it is not, else with the band in which the true count likely lies.

use super::REPORTS;
use super::noise::Scale;

/// No number under this is shown.
pub const LEAST: u32 = 10;
/// How many standard deviations the band goes to each side: nine of ten counts lie within.
const BAND: f64 = 1.645;

/// A stored number as a page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Fewer than [`LEAST`], or so it seems.
    Few,
    /// About so many.
    About {
        /// The stored number, at most the roll.
        about: u32,
        /// Likely at least so many.
        low: u32,
        /// Likely at most so many.
        high: u32,
    },
}

impl Figure {
    /// The figure of a stored number of the report `report`, in a school or county with this roll.
    #[must_use]
    pub fn of(stored: i64, scale: Scale, report: usize, roll: u32) -> Self {
        Self::derived(stored, &[scale], report, roll)
    }

    /// The figure of a sum or difference of stored numbers with these scales.
    #[must_use]
    pub fn derived(stored: i64, scales: &[Scale], report: usize, roll: u32) -> Self {
        if stored < i64::from(LEAST) {
            return Self::Few;
        }
        let scale = scales.iter().map(|scale| scale.value() * scale.value()).sum::<f64>().sqrt();
        let half = BAND * scale * deviation(report);
        let about = u32::try_from(stored).unwrap_or(u32::MAX);
        let clip = |n: u32| n.clamp(LEAST, roll.max(LEAST));
        let (low, high) = (whole(f64::from(about) - half), whole(f64::from(about) + half));
        Self::About { about: clip(about), low: clip(low), high: clip(high) }
    }

    /// The number, if it is shown.
    #[must_use]
    pub const fn about(self) -> Option<u32> {
        match self {
            Self::Few => None,
            Self::About { about, .. } => Some(about),
        }
    }
}

/// The standard deviation of the noise of a report against that of the first.
fn deviation(report: usize) -> f64 {
    let (mut c, mut sum) = (1.0, 0.0);
    for k in 1..=u32::try_from(report.clamp(1, REPORTS)).unwrap_or(1) {
        sum += c * c;
        c *= f64::from(2 * k - 1) / f64::from(2 * k);
    }
    f64::sqrt(sum)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn whole(x: f64) -> u32 {
    x.round().clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Scale = Scale::halves(6);

    #[test]
    fn about_37_is_likely_between_32_and_42() {
        assert_eq!(Figure::of(37, THREE, 1, 500), Figure::About { about: 37, low: 32, high: 42 });
        assert_eq!(Figure::of(37, THREE, 24, 500), Figure::About { about: 37, low: 30, high: 44 });
    }

    #[test]
    fn a_small_number_is_not_shown_and_a_band_keeps_within_ten_and_the_roll() {
        for stored in [-40, -1, 0, 9] {
            assert_eq!(Figure::of(stored, THREE, 1, 500), Figure::Few, "{stored}");
        }
        assert_eq!(Figure::of(10, THREE, 1, 500), Figure::About { about: 10, low: 10, high: 15 });
        assert_eq!(Figure::of(98, THREE, 1, 100), Figure::About { about: 98, low: 93, high: 100 });
        assert_eq!(Figure::of(104, THREE, 1, 100), Figure::About { about: 100, low: 99, high: 100 });
    }

    #[test]
    fn a_difference_is_less_certain_than_its_parts() {
        let four = Scale::halves(8);
        assert_eq!(Figure::derived(37, &[THREE, four], 1, 500), Figure::About { about: 37, low: 29, high: 45 });
    }

    #[test]
    fn the_band_grows_with_the_reports() {
        assert!((deviation(1) - 1.0).abs() < 1e-9);
        assert!((deviation(24) - 2.075_f64.sqrt()).abs() < 0.001);
        assert!(deviation(12) < deviation(13));
    }
}
