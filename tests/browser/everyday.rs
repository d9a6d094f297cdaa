//! Each role's own path through an ordinary day.

use fantoccini::Locator;

use crate::harness::{Browser, Setup, journey};

/// The first student of the class list: name and address of the file.
async fn first_student(browser: &Browser) -> (String, String) {
    let link = browser.sees("table a[href^='/files/']").await;
    let name = link.text().await.expect("a name");
    (name, link.attr("href").await.expect("an attribute").expect("an address"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_homeroom_teacher_finds_a_student_and_logs_an_entry() {
    journey(Setup::default(), async |page| {
        page.sign_in("homeroom_teacher").await;
        page.reads("关爱对象").await;
        let students = page.count("tbody tr").await;
        assert!(students > 40, "{students} students");
        page.shot("homeroom-class").await;
        let (name, _) = first_student(&page).await;

        let part: String = name.chars().take(1).collect();
        page.fill("q", &part).await;
        page.press("form[role=search] button").await;
        page.reads(&name).await;
        assert!(!page.url().await.contains(&part), "no name stands in an address");
        page.shot("homeroom-search").await;
        page.follow(&name).await;
        page.sees("section.sheet").await;
        let title = page.client.title().await.unwrap();
        assert!(!title.contains(&name), "no name stands in a title: {title}");
        page.shot("homeroom-file").await;

        page.press("a.main[href$='/entry']").await;
        page.choose("way", "talk").await;
        page.fill("happened", "课间谈话，说起周末帮奶奶收了玉米。").await;
        page.choose("effect", "better").await;
        page.fill("next", "下周一再聊。").await;
        page.shot("homeroom-entry").await;
        page.press("main form button.main").await;
        page.reads("课间谈话，说起周末帮奶奶收了玉米。").await;
        page.sees(".notice").await;
        page.shot("homeroom-entry-saved").await;

        page.follow("更正这一条").await;
        page.fill("happened", "课间谈话，说起周末帮奶奶收了花生。").await;
        page.press("main form button.main").await;
        page.sees("ol.entries li.struck").await;
        page.reads("课间谈话，说起周末帮奶奶收了花生。").await;
        page.reads("课间谈话，说起周末帮奶奶收了玉米。").await;
        assert_eq!(page.count("ol.entries li.struck").await, 1, "the earlier one stays and is marked");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_draft_survives_signing_out() {
    journey(Setup::default(), async |page| {
        page.sign_in("homeroom_teacher").await;
        let (_, file) = first_student(&page).await;
        page.open(&format!("{file}/entry")).await;
        page.fill("happened", "写到一半，上课铃响了。").await;
        page.reads("草稿").await;
        page.sign_out().await;
        page.sign_in("homeroom_teacher").await;
        page.open(&format!("{file}/entry")).await;
        let field = page.sees("textarea[name=happened]").await;
        assert_eq!(field.prop("value").await.unwrap().as_deref(), Some("写到一半，上课铃响了。"));
        page.shot("homeroom-draft").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_counsellor_opens_a_file_edits_it_writes_a_note_and_sees_who_looked() {
    journey(Setup::default(), async |page| {
        page.sign_in("counsellor").await;
        page.shot("counsellor-classes").await;
        page.follow("七年级1班").await;
        page.press_path("//tr[.//span[@class='mark']]//a").await;
        page.sees("#support").await;
        page.shot("counsellor-file").await;

        page.press("a[href$='/edit/support']").await;
        page.fill("needs", "每周有一次和父母视频的时间。").await;
        page.press("main form button.main").await;
        page.reads("每周有一次和父母视频的时间。").await;

        page.press("a[href$='/notes']").await;
        if page.count("details[open]").await == 0 {
            page.press("details summary").await;
        }
        page.choose("form", "face_to_face").await;
        page.fill("minutes", "40").await;
        page.fill("process", "谈到晚上睡得好了一些。").await;
        page.shot("counsellor-note").await;
        page.press("main form button.main").await;
        page.reads("谈到晚上睡得好了一些。").await;
        page.client.back().await.unwrap();

        page.sign_out().await;
        page.sign_in("counsellor").await;
        page.follow("七年级1班").await;
        page.press_path("//tr[.//span[@class='mark']]//a").await;
        page.press("a[href$='/views']").await;
        page.reads("心理教师").await;
        page.shot("counsellor-views").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_leader_sees_counts_and_no_way_to_a_student() {
    journey(Setup::default(), async |page| {
        page.sign_in("school_leader").await;
        page.sees("table").await;
        assert!(page.count("svg").await > 0, "a chart");
        page.shot("leader-statistics").await;
        let links = page.client.find_all(Locator::Css("a[href]")).await.unwrap();
        for link in links {
            let href = link.attr("href").await.unwrap().unwrap_or_default();
            let leads = ["/files", "/classes", "/search", "/import"].iter().any(|path| href.starts_with(path));
            assert!(!leads, "{href}");
        }
        for path in ["/classes", "/search", "/import", "/helping", "/staff", "/audit"] {
            page.open(path).await;
            page.reads("没有找到这个页面").await;
        }
        page.shot("leader-not-found").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_director_checks_a_messy_roster_and_takes_it_in() {
    journey(Setup::default(), async |page| {
        page.sign_in("moral_ed_director").await;
        let send = async |name: &str| {
            let roster = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
            page.open("/import").await;
            page.sees("input[type=file]").await.send_keys(&roster).await.unwrap();
            page.press("main form button.main").await;
            page.reads("核对名册").await;
        };
        // The same school once more, spoiled: every refused row is named, and nothing is left to do.
        send("roster_liuxi_middle_messy.xlsx").await;
        page.reads("身份证件号校验位不对").await;
        page.reads("没有需要导入的内容").await;
        page.shot("director-import-refused").await;
        send("roster_shimen_tiny.xlsx").await;
        page.reads("石门").await;
        page.shot("director-import-check").await;
        page.follow("确认导入").await;
        page.reads("导入完成").await;
        page.shot("director-import-done").await;
        page.open("/statistics").await;
        page.sees("table").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_director_verifies_what_the_roster_says() {
    journey(Setup::default(), async |page| {
        page.sign_in("moral_ed_director").await;
        page.open("/classes").await;
        page.shot("director-classes").await;
        let links = page.client.find_all(Locator::Css("a[href$='/verify'], table a[href^='/classes/']")).await.unwrap();
        let mut addresses = Vec::new();
        for link in links {
            addresses.push(link.attr("href").await.unwrap().unwrap_or_default());
        }
        for address in addresses {
            page.open(&format!("{}/verify", address.trim_end_matches("/verify"))).await;
            if page.count("table a[href^='/files/']").await == 0 {
                continue;
            }
            page.shot("director-verify").await;
            page.press("table a[href^='/files/']").await;
            page.press("button[value=verified]").await;
            page.sees(".notice").await;
            page.shot("director-verified").await;
            return;
        }
        panic!("nothing waits to be verified");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_privacy_officer_reads_the_audit_and_proves_the_chain() {
    journey(Setup::default(), async |page| {
        page.sign_in("privacy_officer").await;
        page.open("/audit").await;
        page.sees("tbody tr").await;
        page.shot("privacy-audit").await;
        page.select("event", "file_opened").await;
        page.press("form[action='/audit'] button").await;
        page.sees("tbody tr").await;
        page.open("/audit/verify").await;
        page.reads("完整").await;
        page.shot("privacy-chain").await;
        page.open("/audit/counts").await;
        page.sees("table").await;
        page.shot("privacy-counts").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_helper_sees_the_one_student_and_writes_down_an_hour() {
    journey(Setup::default(), async |page| {
        page.sign_in("helper").await;
        page.open("/helping").await;
        assert_eq!(page.count("article.sheet").await, 1, "one student");
        page.shot("helper-student").await;
        page.press("article a.main").await;
        page.choose("way", "tutoring").await;
        page.fill("happened", "一起做完了两页练习。").await;
        page.choose("effect", "much_better").await;
        page.press("main form button.main").await;
        page.reads("一起做完了两页练习。").await;
        page.shot("helper-file").await;
        page.open("/classes").await;
        page.reads("没有找到这个页面").await;
    })
    .await;
}
