//! Pages on paper.

use super::house::House;
use super::window::Window;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_class_list_fits_on_one_sheet_of_paper_and_a_file_prints_without_its_buttons() {
    let house = House::enter().await;
    let zhang = Window::of(&house, "homeroom").await;
    zhang.sees("本班").await;
    zhang.picture("80-class").await;
    assert_eq!(sheets(&zhang.prints("80-class").await), 1, "50 names");
    zhang.clicks("tbody tr:nth-child(3) td:nth-child(2) a").await;
    zhang.sees("困境情况").await;
    zhang.picture("81-file").await;
    assert!(sheets(&zhang.prints("81-file").await) <= 2, "what there is to read, and no empty sheet");
}

/// How many pages a PDF has.
pub fn sheets(pdf: &[u8]) -> usize {
    assert!(pdf.starts_with(b"%PDF"), "it is a PDF");
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type /Page").count() - text.matches("/Type /Pages").count()
}
