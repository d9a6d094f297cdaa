//! Files that are no rosters: mistakes, damage and malice.

use std::io::Write as _;

use proptest::prelude::*;
use rust_xlsxwriter::{Workbook, Worksheet};

use super::{A, B, YEAR, data, student, table, workbook};
use crate::domain::roster::{MAX_CELL_CHARS, MAX_FILE_BYTES, MAX_PARTS, Unreadable, read};

fn unreadable(bytes: &[u8]) -> Unreadable {
    read(bytes, YEAR).unwrap_err()
}

#[test]
fn other_files_are_called_by_their_names() {
    assert_eq!(unreadable(b""), Unreadable::NotAWorkbook);
    assert_eq!(unreadable(&[0, 1, 2, 3]), Unreadable::NotAWorkbook);
    assert_eq!(unreadable("姓名,班级\n贺小,3班\n".as_bytes()), Unreadable::TextFile);
    assert_eq!(unreadable(b"\xd0\xd5\xc3\xfb,\xb0\xe0\xbc\xb6\r\n"), Unreadable::TextFile, "GBK");
    let mut old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    old.extend([0; 512]);
    assert_eq!(unreadable(&old), Unreadable::OldExcel);
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(unreadable(&old), Unreadable::Encrypted);
    assert_eq!(unreadable(&zip_of(&[("word/document.xml", b"<document/>")])), Unreadable::NotAWorkbook);
}

#[test]
fn a_truncated_workbook_is_damaged() {
    let whole = data("roster_shimen_tiny.xlsx");
    for part in 1..8 {
        assert_eq!(unreadable(&whole[..whole.len() * part / 8]), Unreadable::Damaged, "{part}/8");
    }
}

#[test]
fn a_sheet_without_a_header_says_what_is_missing() {
    let cells = student().into_iter().filter(|(name, _)| !matches!(*name, "姓名" | "出生日期" | "学校名称")).collect();
    assert_eq!(unreadable(&table(&[cells])), Unreadable::NoHeader { missing: vec!["姓名", "出生日期"] });
    assert_eq!(unreadable(&table(&[vec![("甲", "乙")]])).detail(), "年级、班级、姓名、性别、出生日期、身份证件号");
}

#[test]
fn a_column_that_occurs_twice_is_not_guessed() {
    let mut cells = student();
    cells.push(("姓名", "另一个"));
    assert_eq!(unreadable(&table(&[cells])), Unreadable::ColumnTwice { column: "姓名" });
}

#[test]
fn a_workbook_without_students_is_empty() {
    assert_eq!(unreadable(&workbook(|_| ())), Unreadable::Empty);
    let header_only = workbook(|sheet| {
        for (column, (name, _)) in student().into_iter().enumerate() {
            sheet.write_string(0, u16::try_from(column).unwrap(), name).unwrap();
        }
    });
    assert_eq!(unreadable(&header_only), Unreadable::Empty);
}

#[test]
fn the_roster_may_be_any_visible_sheet_but_only_one() {
    let fill = |sheet: &mut Worksheet, id: &str| {
        for (column, (name, value)) in student().into_iter().enumerate() {
            let column = u16::try_from(column).unwrap();
            sheet.write_string(0, column, name).unwrap();
            sheet.write_string(1, column, if name == "身份证件号" { id } else { value }).unwrap();
        }
    };
    let mut second = Workbook::new();
    second.add_worksheet().write_string(0, 0, "填表说明").unwrap();
    fill(second.add_worksheet(), A);
    assert_eq!(read(&second.save_to_buffer().unwrap(), YEAR).unwrap().rows.len(), 1);

    let mut two = Workbook::new();
    fill(two.add_worksheet(), A);
    fill(two.add_worksheet(), B);
    assert_eq!(unreadable(&two.save_to_buffer().unwrap()), Unreadable::SeveralRosters { count: 2 });

    let mut hidden = Workbook::new();
    fill(hidden.add_worksheet(), A);
    fill(hidden.add_worksheet().set_hidden(true), B);
    assert_eq!(read(&hidden.save_to_buffer().unwrap(), YEAR).unwrap().rows.len(), 1);
}

#[test]
fn too_many_rows_and_columns_are_refused() {
    let tall = |rows: u32| {
        workbook(|sheet| {
            for (column, (name, _)) in student().into_iter().enumerate() {
                sheet.write_string(0, u16::try_from(column).unwrap(), name).unwrap();
            }
            for row in 0..rows {
                sheet.write_string(row + 1, 0, "柳").unwrap();
            }
        })
    };
    assert_eq!(unreadable(&tall(20_001)), Unreadable::TooManyRows { limit: 20_000 });
    assert_eq!(unreadable(&tall(20_100)), Unreadable::TooManyRows { limit: 20_000 });
    assert_eq!(read(&tall(20_000), YEAR).unwrap().refused_rows(), 20_000);
    let wide = workbook(|sheet| {
        sheet.write_string(0, 200, "x").unwrap();
    });
    assert_eq!(unreadable(&wide), Unreadable::TooManyColumns { limit: 200 });
}

#[test]
fn a_stray_cell_in_the_last_row_of_excel_costs_nothing() {
    let bytes = workbook(|sheet| {
        for (column, (name, value)) in student().into_iter().enumerate() {
            sheet.write_string(0, u16::try_from(column).unwrap(), name).unwrap();
            sheet.write_string(1, u16::try_from(column).unwrap(), value).unwrap();
        }
        sheet.write_string(1_048_575, 0, "合计").unwrap();
    });
    let roster = read(&bytes, YEAR).unwrap();
    assert_eq!((roster.rows.len(), roster.refused.len()), (1, 0));
}

#[test]
fn a_file_over_the_limit_is_not_opened() {
    let mut bytes = data("roster_shimen_tiny.xlsx");
    bytes.resize(MAX_FILE_BYTES + 1, 0);
    assert_eq!(unreadable(&bytes), Unreadable::TooLarge { megabytes: 16 });
}

fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_zip_bomb_is_refused_by_what_all_its_parts_unpack_to() {
    // Neither part is over the limit alone; only the sum is.
    let half = vec![b' '; 97 << 19];
    let parts = [
        ("xl/workbook.xml", b"<workbook/>".as_slice()),
        ("xl/worksheets/1.xml", &half),
        ("xl/worksheets/2.xml", &half),
    ];
    let bomb = zip_of(&parts);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(unreadable(&bomb), Unreadable::Inflates { megabytes: 96 });

    // The same bomb with modest declared sizes, in the local headers and in the directory.
    let mut lying = bomb;
    let size = (97_u32 << 19).to_le_bytes();
    let places: Vec<usize> =
        lying.windows(4).enumerate().filter(|(_, window)| *window == size).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 4);
    for at in places {
        lying[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    assert_eq!(unreadable(&lying), Unreadable::Damaged);
}

#[test]
fn a_workbook_of_a_thousand_parts_is_refused() {
    let names: Vec<String> = (0..=MAX_PARTS).map(|i| format!("xl/{i}.xml")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert_eq!(unreadable(&zip_of(&parts)), Unreadable::Inflates { megabytes: 96 });
}

/// A workbook of given sheet and shared strings, written by hand because no honest library writes such things.
fn raw_workbook(sheet: &str, strings: &str) -> Vec<u8> {
    zip_of(&[
        (
            "[Content_Types].xml",
            br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
        ),
        (
            "_rels/.rels",
            br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>").as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ])
}

#[test]
fn one_long_text_that_every_cell_refers_to_is_refused() {
    let cells = (1..=15_000)
        .map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#))
        .collect::<Vec<_>>()
        .concat();
    let strings = format!("<sst uniqueCount=\"1\"><si><t>{}</t></si></sst>", "字".repeat(MAX_CELL_CHARS));
    assert_eq!(unreadable(&raw_workbook(&cells, &strings)), Unreadable::Inflates { megabytes: 64 });
}

#[test]
fn a_text_table_that_announces_billions_is_refused() {
    assert_eq!(
        unreadable(&raw_workbook("", "<sst uniqueCount=\"90000000000\"></sst>")),
        Unreadable::Inflates { megabytes: 96 }
    );
}

#[test]
fn rows_out_of_order_are_damage() {
    let sheet = r#"<row r="5"><c r="A5"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>"#;
    assert_eq!(unreadable(&raw_workbook(sheet, "<sst/>")), Unreadable::Damaged);
    let sheet = r#"<row r="5"><c r="A5" t="q"><v>1</v></c></row>"#;
    assert_eq!(unreadable(&raw_workbook(sheet, "<sst/>")), Unreadable::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_answered_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(read(&bytes, YEAR).is_err());
    }

    #[test]
    fn any_bytes_behind_a_zip_signature_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(read(&[b"PK\x03\x04".as_slice(), &bytes].concat(), YEAR).is_err());
    }

    #[test]
    fn a_real_workbook_with_changed_bytes_is_answered(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20), cut in any::<prop::sample::Index>(), truncate in any::<bool>()) {
        let mut bytes = data("roster_shimen_tiny.xlsx");
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if truncate {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(roster) = read(&bytes, YEAR) {
            prop_assert!(roster.rows.len() + roster.refused_rows() <= 100);
        }
    }

    #[test]
    fn a_sheet_with_changed_xml_is_answered(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let header = student().iter().map(|(name, _)| format!(r#"<c t="inlineStr"><is><t>{name}</t></is></c>"#)).collect::<Vec<_>>().concat();
        let cells = student().iter().map(|(_, value)| format!(r#"<c t="inlineStr"><is><t>{value}</t></is></c>"#)).collect::<Vec<_>>().concat();
        let mut sheet = format!(r#"<row r="1">{header}</row><row r="2">{cells}</row>"#).into_bytes();
        for (at, value) in changes {
            let at = at.index(sheet.len());
            sheet[at] = value;
        }
        let _ = read(&raw_workbook(&String::from_utf8_lossy(&sheet), "<sst/>"), YEAR);
    }

    #[test]
    fn any_text_in_any_column_is_taken_or_refused(column in 0..10_usize, value in "\\PC{0,80}") {
        let mut cells = student();
        cells[column].1 = value.leak();
        let roster = read(&table(&[student(), cells]), YEAR).unwrap();
        prop_assert!(!roster.rows.is_empty() && roster.rows.len() + roster.refused_rows() + roster.skipped == 2);
    }
}
