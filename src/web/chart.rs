//! Charts for counts, drawn on the server as SVG: no script, no inline style, readable in black and white.
//!
//! On a telephone the drawing is pushed aside with a finger rather than shrunk until nobody can read it.
//!
//! A chart shows what its table beside it says, and is never the only place that says it. A hidden cell is a hatched
//! box of one fixed size, so that its length tells nothing about the number behind it.

use std::fmt::Write as _;

use askama::Template;

/// Height of a row in units of the drawing; one unit is about one CSS pixel.
const ROW: u32 = 30;
/// Height of a line of a [`Trend`].
const TALL: u32 = 56;
/// Length of the longest bar of a [`BarChart`], and width of a [`Trend`].
const BAR: u32 = 260;
/// Length of the longest bar in a cell of a [`BarGrid`].
const CELL_BAR: u32 = 58;
/// Width of a column of a [`BarGrid`].
const COLUMN: u32 = 100;
/// Length of the hatched box of a hidden cell, whatever it hides.
const HIDDEN: u32 = 28;

/// One number of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What is counted.
    pub label: String,
    /// The count; `None` where it is hidden.
    pub value: Option<u32>,
    /// The count as people read it: `1,200`, or `<10` where it is hidden.
    pub text: String,
}

/// Horizontal bars, one below the other: one count per group.
#[derive(Debug, Clone)]
pub struct BarChart {
    /// Unique on the page, letters and digits only: the parts of the drawing refer to each other by it.
    pub id: String,
    /// What the chart is about; read aloud as its name.
    pub title: String,
    /// What it shows, in a sentence; read aloud after the name.
    pub desc: String,
    /// The bars, from above.
    pub rows: Vec<Bar>,
}

/// Small bars in a grid: one row per group, one column per grade. All bars have the same scale, and every number
/// stands at its place, so that no legend is needed and nothing depends on colour.
#[derive(Debug, Clone)]
pub struct BarGrid {
    /// Unique on the page, letters and digits only: the parts of the drawing refer to each other by it.
    pub id: String,
    /// What the chart is about; read aloud as its name.
    pub title: String,
    /// What it shows, in a sentence; read aloud after the name.
    pub desc: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, from above.
    pub rows: Vec<GridRow>,
}

/// Lines over time, one below the other, each with the band in which the true count likely lies.
#[derive(Debug, Clone)]
pub struct Trend {
    /// Unique on the page, letters and digits only: the parts of the drawing refer to each other by it.
    pub id: String,
    /// What the chart is about; read aloud as its name.
    pub title: String,
    /// What it shows, in a sentence; read aloud after the name.
    pub desc: String,
    /// What stands under the left end.
    pub from: String,
    /// What stands under the right end.
    pub to: String,
    /// The lines, from above.
    pub rows: Vec<TrendRow>,
}

/// One line of a [`Trend`].
#[derive(Debug, Clone)]
pub struct TrendRow {
    /// What is counted.
    pub label: String,
    /// Count, lower and upper end of the band, oldest first; `None` where it is hidden.
    pub points: Vec<Option<(u32, u32, u32)>>,
    /// The last count as people read it.
    pub text: String,
}

/// One row of a [`BarGrid`].
#[derive(Debug, Clone)]
pub struct GridRow {
    /// What is counted.
    pub label: String,
    /// One count per column; `None` where it is hidden, and the text to show.
    pub cells: Vec<(Option<u32>, String)>,
}

impl BarChart {
    /// The chart as an SVG element in its scrolling box, ready to stand in a page (`{{ chart|safe }}`); all texts are escaped.
    #[must_use]
    pub fn svg(&self) -> String {
        let text_width = label_width(self.rows.iter().map(|row| row.text.as_str()));
        let label_width = label_width(self.rows.iter().map(|row| row.label.as_str()));
        let scale = Scale::new(self.rows.iter().filter_map(|row| row.value), BAR);
        let rows = (0..).zip(&self.rows);
        let bars = rows.map(|(n, row)| Drawn::new(&row.label, row.value, &row.text, label_width + 10, n * ROW, &scale));
        let drawing = Bars {
            id: &self.id,
            title: &self.title,
            desc: &self.desc,
            label_end: label_width,
            // The longest bar may be the one with the longest text.
            width: label_width + 10 + BAR + 6 + text_width,
            height: count(self.rows.len()) * ROW,
            rows: bars.collect(),
        };
        drawing.render().unwrap_or_default()
    }
}

impl BarGrid {
    /// The chart as an SVG element in its scrolling box, ready to stand in a page (`{{ chart|safe }}`); all texts are escaped.
    #[must_use]
    pub fn svg(&self) -> String {
        let label_width = label_width(self.rows.iter().map(|row| row.label.as_str()));
        let scale = Scale::new(self.rows.iter().flat_map(|row| &row.cells).filter_map(|cell| cell.0), CELL_BAR);
        let x = |column: u32| label_width + 14 + column * COLUMN;
        let lines = (1..).zip(&self.rows).map(|(n, row)| {
            let cells = (0..).zip(&row.cells);
            let cells = cells.map(|(column, (value, text))| Drawn::new("", *value, text, x(column), n * ROW, &scale));
            Line { label: &row.label, top: n * ROW, middle: n * ROW + 20, bars: cells.collect() }
        });
        let drawing = Grid {
            id: &self.id,
            title: &self.title,
            desc: &self.desc,
            label_end: label_width,
            width: x(count(self.columns.len())),
            height: (count(self.rows.len()) + 1) * ROW,
            columns: (0..).zip(&self.columns).map(|(n, name)| (x(n), name.as_str())).collect(),
            lines: lines.collect(),
        };
        drawing.render().unwrap_or_default()
    }
}

impl Trend {
    /// The chart as an SVG element in its scrolling box, ready to stand in a page (`{{ chart|safe }}`); all texts are escaped.
    /// A hidden count breaks the line.
    #[must_use]
    pub fn svg(&self) -> String {
        let label_width = label_width(self.rows.iter().map(|row| row.label.as_str()));
        let left = label_width + 10;
        let most = self.rows.iter().map(|row| row.points.len()).max().unwrap_or(0).max(2);
        let place = Plane { left, most };
        let drawing = Trends {
            id: &self.id,
            title: &self.title,
            desc: &self.desc,
            label_end: label_width,
            left,
            right: left + BAR,
            width: left + BAR + 80,
            height: count(self.rows.len()) * TALL + ROW,
            foot: count(self.rows.len()) * TALL + 20,
            from: &self.from,
            to: &self.to,
            rows: (0..).zip(&self.rows).map(|(n, row)| place.line(n, row)).collect(),
        };
        drawing.render().unwrap_or_default()
    }
}

/// Where the lines of a [`Trend`] begin, and how many points the longest has.
struct Plane {
    left: u32,
    most: usize,
}

impl Plane {
    fn x(&self, nth: usize) -> u32 {
        self.left + count(nth) * BAR / count(self.most - 1)
    }

    fn line<'a>(&self, n: u32, row: &'a TrendRow) -> TrendLine<'a> {
        let scale = Scale::new(row.points.iter().flatten().map(|(_, _, high)| *high), TALL - 10);
        let bottom = (n + 1) * TALL - 4;
        let y = |value: u32| bottom - scale.length(value);
        let (mut lines, mut bands) = (String::new(), String::new());
        let numbered: Vec<_> = row.points.iter().enumerate().map(|(nth, point)| (self.x(nth), *point)).collect();
        for run in numbered.split(|(_, point)| point.is_none()).filter(|run| !run.is_empty()) {
            let points: Vec<_> = run.iter().filter_map(|(x, point)| point.map(|point| (*x, point))).collect();
            let to = |nth: usize| if nth == 0 { 'M' } else { 'L' };
            for (nth, (x, (about, _, high))) in points.iter().enumerate() {
                let _ = write!(lines, "{}{x} {}", to(nth), y(*about));
                let _ = write!(bands, "{}{x} {}", to(nth), y(*high));
            }
            for (x, (_, low, _)) in points.iter().rev() {
                let _ = write!(bands, "L{x} {}", y(*low));
            }
            // A single report is a short line, not nothing.
            lines.push_str("h3");
            bands.push('Z');
        }
        TrendLine { label: &row.label, text: &row.text, middle: n * TALL + TALL / 2 + 5, bottom, lines, bands }
    }
}

#[derive(Template)]
#[template(path = "chart_trend.html")]
struct Trends<'a> {
    id: &'a str,
    title: &'a str,
    desc: &'a str,
    label_end: u32,
    left: u32,
    right: u32,
    width: u32,
    height: u32,
    foot: u32,
    from: &'a str,
    to: &'a str,
    rows: Vec<TrendLine<'a>>,
}

struct TrendLine<'a> {
    label: &'a str,
    text: &'a str,
    middle: u32,
    bottom: u32,
    lines: String,
    bands: String,
}

#[derive(Template)]
#[template(path = "chart_bars.html")]
struct Bars<'a> {
    id: &'a str,
    title: &'a str,
    desc: &'a str,
    label_end: u32,
    width: u32,
    height: u32,
    rows: Vec<Drawn<'a>>,
}

#[derive(Template)]
#[template(path = "chart_grid.html")]
struct Grid<'a> {
    id: &'a str,
    title: &'a str,
    desc: &'a str,
    label_end: u32,
    width: u32,
    height: u32,
    columns: Vec<(u32, &'a str)>,
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    label: &'a str,
    top: u32,
    middle: u32,
    bars: Vec<Drawn<'a>>,
}

/// A bar with its place in the drawing.
struct Drawn<'a> {
    label: &'a str,
    text: &'a str,
    is_hidden: bool,
    x: u32,
    top: u32,
    length: u32,
    text_x: u32,
    middle: u32,
}

impl<'a> Drawn<'a> {
    fn new(label: &'a str, value: Option<u32>, text: &'a str, x: u32, y: u32, scale: &Scale) -> Self {
        let length = value.map_or(HIDDEN, |value| scale.length(value));
        Self { label, text, is_hidden: value.is_none(), x, top: y + 5, length, text_x: x + length + 6, middle: y + 20 }
    }
}

/// From counts to lengths.
struct Scale {
    greatest: u32,
    length: u32,
}

impl Scale {
    fn new(values: impl Iterator<Item = u32>, length: u32) -> Self {
        Self { greatest: values.max().unwrap_or(0).max(1), length }
    }

    /// At least one unit for what is not zero: a small count is not none.
    fn length(&self, value: u32) -> u32 {
        let exact = u64::from(value) * u64::from(self.length) / u64::from(self.greatest);
        u32::try_from(exact).unwrap_or(self.length).max(value.min(1))
    }
}

/// Room for the longest label at 15 units a Chinese character and half of that a Latin one.
fn label_width<'a>(labels: impl Iterator<Item = &'a str>) -> u32 {
    let halves = |label: &str| label.chars().map(|c| if c.is_ascii() { 15 } else { 30 }).sum::<u32>();
    labels.map(|label| halves(label) / 2 + 2).max().unwrap_or(0).clamp(40, 260)
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX / ROW - 1)
}

#[cfg(test)]
mod tests {
    use scraper::{Html, Selector};

    use super::*;

    fn bar(label: &str, value: Option<u32>, text: &str) -> Bar {
        Bar { label: label.to_owned(), value, text: text.to_owned() }
    }

    fn chart(rows: Vec<Bar>) -> BarChart {
        BarChart { id: "groups".to_owned(), title: "各类别人数".to_owned(), desc: "一句话".to_owned(), rows }
    }

    fn select<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
        page.select(&Selector::parse(selector).unwrap()).collect()
    }

    fn lengths(svg: &str, class: &str) -> Vec<u32> {
        let page = Html::parse_fragment(svg);
        select(&page, &format!("rect.{class}"))
            .iter()
            .map(|rect| rect.attr("width").unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn bars_are_as_long_as_their_counts() {
        let svg = chart(vec![bar("a", Some(200), "200"), bar("b", Some(100), "100"), bar("c", Some(0), "0")]).svg();
        assert_eq!(lengths(&svg, "bar"), [BAR, BAR / 2, 0]);
    }

    #[test]
    fn the_text_of_the_longest_bar_has_room() {
        let text = "约 413（可能 408–418）";
        let page = Html::parse_fragment(&chart(vec![bar("留守", Some(413), text)]).svg());
        let number =
            |selector: &str, name: &str| -> u32 { select(&page, selector)[0].attr(name).unwrap().parse().unwrap() };
        assert!(number("text.value", "x") + label_width([text].into_iter()) <= number("svg", "width"));
    }

    #[test]
    fn a_small_count_is_not_none() {
        let svg = chart(vec![bar("a", Some(4_000_000), "4,000,000"), bar("b", Some(1), "1")]).svg();
        assert_eq!(lengths(&svg, "bar"), [BAR, 1]);
    }

    #[test]
    fn a_hidden_cell_has_the_same_length_whatever_it_hides() {
        let with = |greatest| chart(vec![bar("a", Some(greatest), "n"), bar("b", None, "<10")]).svg();
        for svg in [with(10), with(900)] {
            assert_eq!(lengths(&svg, "hidden"), [HIDDEN]);
            assert!(svg.contains("&#60;10") || svg.contains("&lt;10"), "{svg}");
        }
    }

    #[test]
    fn a_chart_says_aloud_what_it_is() {
        let svg = chart(vec![bar("a", Some(1), "1")]).svg();
        let page = Html::parse_fragment(&svg);
        let root = select(&page, "svg[role=img]")[0];
        for (id, text) in root.attr("aria-labelledby").unwrap().split(' ').zip(["各类别人数", "一句话"]) {
            assert_eq!(select(&page, &format!("#{id}"))[0].text().collect::<String>(), text);
        }
    }

    #[test]
    fn a_chart_has_no_style_and_no_script_and_escapes_its_texts() {
        let svg = chart(vec![bar("<script>alert(1)</script>", Some(1), "\"><b>")]).svg();
        assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains("style"), "{svg}");
    }

    #[test]
    fn every_cell_of_a_grid_stands_in_its_column() {
        let row = |label: &str, cells: [Option<u32>; 2]| GridRow {
            label: label.to_owned(),
            cells: cells.map(|value| (value, value.map_or("<10".to_owned(), |v| v.to_string()))).to_vec(),
        };
        let grid = BarGrid {
            id: "grid".to_owned(),
            title: "t".to_owned(),
            desc: "d".to_owned(),
            columns: vec!["七年级".to_owned(), "八年级".to_owned()],
            rows: vec![row("留守", [Some(30), None]), row("单亲", [Some(15), Some(30)])],
        };
        let svg = grid.svg();
        assert_eq!(lengths(&svg, "bar"), [CELL_BAR, CELL_BAR / 2, CELL_BAR]);
        let page = Html::parse_fragment(&svg);
        let x = |selector: &str| {
            select(&page, selector).iter().map(|e| e.attr("x").unwrap().to_owned()).collect::<Vec<_>>()
        };
        let columns = x("text.column");
        assert_eq!(x("rect.hidden"), [columns[1].clone()]);
        assert_eq!(x("rect.bar"), [columns[0].clone(), columns[0].clone(), columns[1].clone()]);
    }

    #[test]
    fn a_hidden_count_breaks_the_line_and_the_band() {
        let points = vec![Some((20, 15, 25)), None, Some((30, 25, 35)), Some((40, 35, 45))];
        let row = |points: Vec<_>| TrendRow { label: "留守".to_owned(), points, text: "40".to_owned() };
        let trend = |points| Trend {
            id: "trend".to_owned(),
            title: "t".to_owned(),
            desc: "d".to_owned(),
            from: "1".to_owned(),
            to: "4".to_owned(),
            rows: vec![row(points)],
        };
        let paths = |svg: &str, class: &str| {
            let page = Html::parse_fragment(svg);
            select(&page, &format!("path.{class}")).iter().map(|e| e.attr("d").unwrap().to_owned()).collect::<Vec<_>>()
        };
        let svg = trend(points).svg();
        assert_eq!(paths(&svg, "line")[0].matches('M').count(), 2);
        assert_eq!(paths(&svg, "band")[0].matches('Z').count(), 2);
        assert!(!svg.contains("style") && svg.contains("<title"));
        assert_eq!(paths(&trend(vec![None, None]).svg(), "line"), [""]);
    }

    #[test]
    fn an_empty_chart_is_still_a_chart() {
        assert!(chart(vec![]).svg().contains("<svg"));
    }
}
