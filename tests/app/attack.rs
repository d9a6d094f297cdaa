//! An attacker of our own, against the numbers for leadership.
//!
//! He knows the method, the register, every other child, and who joined or left when. From what is published he bounds every
//! count, every difference and every known joiner by linear programming ([`bounds`]), and he asks whole series of reports whether
//! a child has a tag ([`series`]). Publishers that others use, or that a mistake would make of ours, stand in [`planted`]: he
//! breaks each of them, which shows that he can.
//!
//! What he bounds is first of all what a publisher would show ([`planted`]). Then it is what the real program answers: a school
//! ([`school`]) in which people come and go over eight reports, everything that its leader, its deputy and the district officer
//! can fetch after each ([`harvest`]), and the numbers read out of those bytes ([`reading`]).

mod bounds;
mod fetched;
mod harvest;
mod planted;
mod reading;
mod school;
mod series;
mod world;

use bounds::Finding;
use planted::Planted;
use series::Question;
use world::World;

/// The findings of the linear programs in eight reports of one publisher.
fn found(publisher: &Planted) -> Vec<Finding> {
    let world = World::of_eight_reports();
    let reports: Vec<_> = (1..=world.reports()).map(|report| publisher.publish(&world, report)).collect();
    let bounds = bounds::all(&world, &reports, None);
    for bound in &bounds {
        assert!(bound.holds(&world), "an attack that is wrong proves nothing: {bound:?}");
    }
    bounds.into_iter().filter(Finding::tells).collect()
}

#[test]
fn hiding_small_cells_alone_is_broken_by_linear_programming() {
    let found = found(&Planted::Suppression);
    assert!(found.iter().any(Finding::is_hidden_count), "a hidden count is what the others leave of the total");
    assert!(found.iter().any(Finding::is_joiner), "what is shown before and after tells what the joiner has");
}

#[test]
fn an_exact_total_slipped_in_is_broken_by_linear_programming() {
    let found = found(&Planted::ExactTotal(0));
    assert!(found.iter().any(Finding::is_joiner));
    assert!(found.iter().any(Finding::is_difference));
}

#[test]
fn our_reports_leave_every_count_every_difference_and_every_joiner_open() {
    for key in 0..5 {
        let found = found(&Planted::Ours(key));
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn the_attacker_knows_how_our_noise_is_made() {
    for report in [1, 2, 7, 24] {
        planted::assert_like_ours(report);
    }
}

#[test]
fn noise_that_is_too_little_or_drawn_wrongly_is_broken_by_its_series() {
    for publisher in [Planted::HalfScale, Planted::MemberKeyed, Planted::Redrawn, Planted::ExactTotal] {
        let power = series::power(publisher, Question::TwoTags);
        assert!(power > 0.7, "{:?}: {power}", publisher(0));
    }
}

#[test]
fn our_series_tell_no_more_than_the_help_page_says() {
    let limits = series::limits();
    for (who, promised) in [(Question::OneTag, limits.fact), (Question::TwoTags, limits.two_groups)] {
        let power = series::power(Planted::Ours, who);
        let promised = f64::from(promised.noticed()) / 100.0;
        assert!(power <= promised + series::CHANCE, "{who:?}: noticed {power}, promised {promised}");
        assert!(power > promised - series::CHANCE, "{who:?}: this attacker is not the best there is: {power}");
    }
}
