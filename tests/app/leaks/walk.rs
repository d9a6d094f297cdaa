//! Every route, driven by everybody with forms that are filled as a person fills them, and every command.

use yice::web::{ROUTES, Route, Who};

use super::house::{House, SCHOOL};
use super::plant::Ids;

/// Who walks: one of each role, a second one where somebody else's things are at stake, a counsellor of another school, and
/// nobody.
const WALKERS: &[&str] = &[
    "li",
    "wang",
    "homeroom",
    "colleague",
    "director",
    "helper",
    "aide",
    "doctor",
    "guest",
    "leader",
    "officer",
    "admin",
    "stranger",
    "partner",
    "district",
    "nobody",
];
/// What takes something away, so that it is done after everybody saw what there is to see.
const LAST: &[&str] = &[
    "/structure/classes/{id}/close",
    "/staff/{id}/duties/{duty}/end",
    "/staff/{id}/invite",
    "/staff/{id}/close",
    "/pairings/{id}/pause",
    "/pairings/{id}/resume",
    "/pairings/{id}/hand-over",
    "/pairings/{id}/give-back",
    "/pairings/{id}/complete",
    "/pairings/{id}/end",
    "/helping/{id}/decline",
    "/offices/{office}/rotate",
    "/offices/lost-keys/rotate",
    "/offices/counts",
    "/account/sign-out-everywhere",
    "/sign-out",
    "/locked",
];

/// A person who is not there.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Drives everything.
pub fn walk(house: &mut House, ids: &Ids) {
    let routes: Vec<&Route> = ROUTES.iter().copied().flatten().collect();
    for path in LAST {
        assert!(routes.iter().any(|route| route.path == *path), "{path} is a route no more");
    }
    for late in [false, true] {
        for who in WALKERS {
            for route in routes.iter().filter(|route| LAST.contains(&route.path) == late) {
                drive(house, ids, who, route);
            }
        }
    }
    // The pairing with the first student has ended; the one with the second has not.
    for (student, status) in ids.students.iter().zip([404, 200]) {
        assert_eq!(house.get("helper", &format!("/files/{student}")).status, status, "after the end of a pairing");
    }
    commands(house, ids);
}

fn drive(house: &mut House, ids: &Ids, who: &str, route: &Route) {
    for path in paths(ids, route) {
        let answer = match route.method {
            "get" => house.get(who, &path),
            _ if route.path == "/import" => house.upload(who, &ids.workbook),
            _ => {
                let form = form(house, ids, who, route.path);
                let form: Vec<(&str, &str)> = form.iter().map(|(key, text)| (*key, text.as_str())).collect();
                house.post(who, &path, &form)
            }
        };
        assert!(answer.status < 500, "{who} at {} {path}: {}", route.method, answer.status);
        // What has an id belongs to the first school: for a colleague of another one there is nothing there.
        if who == "stranger" && route.path.contains('{') && route.who != Who::Anyone {
            assert_eq!(answer.status, 404, "a counsellor of another school at {} {path}", route.method);
        }
        if who == "stranger" && route.path == "/search" {
            assert!(!answer.body.contains("/files/"), "nobody is found in another school");
        }
    }
}

/// The addresses of a route. Both students are looked at; only the file of the first one is written into, so that the marks
/// of the second stay where they are.
fn paths(ids: &Ids, route: &Route) -> Vec<String> {
    let path = route.path;
    let fill = |id: &str| {
        let filled = path.replace("{student}", id).replace("{class}", id).replace("{id}", id);
        let filled =
            filled.replace("{channel}", "dingtalk").replace("{office}", &ids.office).replace("{person}", &ids.spare[0]);
        filled.replace("{duty}", &ids.spare[1])
    };
    let worries = |warning: &str| {
        let filled = path.replace("{warning}", warning).replace("{letter}", &ids.worries.letter);
        filled.replace("{step}", "remark").replace("{id}", &ids.worries.notice)
    };
    let troubles = |path: &str| {
        let filled = path.replace("{referral}", &ids.troubles.referral).replace("{report}", &ids.troubles.report);
        filled.replace("{move}", if path.starts_with("/referrals") { "talk" } else { "note" })
    };
    let filled = match path.split('/').nth(1).unwrap() {
        "referrals" | "reports" => vec![troubles(path)],
        "warnings" if route.method == "get" => ids.worries.warnings.iter().map(|id| worries(id)).collect(),
        "warnings" => vec![worries(&ids.worries.warnings[0])],
        "files" if route.method == "get" => ids.students.iter().map(|student| fill(student)).collect(),
        "files" => vec![fill(&ids.students[0])],
        "classes" => vec![fill(&ids.classes[0]), fill(&ids.classes[1])],
        "structure" if path.contains("classes") => vec![fill(&ids.classes[1])],
        "structure" => vec![fill(&ids.term)],
        "staff" => vec![fill(&ids.spare[0])],
        "imports" => vec![fill(&ids.import)],
        "pairings" if route.method == "get" => vec![fill(&ids.pairing), fill(&ids.outside)],
        "pairings" => vec![fill(&ids.pairing)],
        "appointments" => vec![fill(&ids.room.appointment)],
        "sessions" => vec![fill(&ids.room.group)],
        "box" => vec![fill(&ids.room.exchange)],
        "help" => vec![path.replace("{code}", &ids.room.code)],
        "helping" => vec![fill(&ids.pairing), fill(&ids.outside)],
        "meetings" | "supervisions" | "compliance" => vec![super::county::path(ids, path)],
        _ => vec![fill("")],
    };
    let compartments = ["contact", "circumstance", "support"];
    let filled: Vec<String> = if path.contains("{compartment}") {
        let each = |path: &String| compartments.map(|compartment| path.replace("{compartment}", compartment));
        filled.iter().flat_map(each).collect()
    } else {
        filled
    };
    assert!(filled.iter().all(|path| !path.contains(['{', '}'])), "the walk does not know what {path} is about");
    filled
}

/// A form filled as a person fills it. Nothing in it is a mark.
#[expect(clippy::match_same_arms, clippy::too_many_lines, reason = "a table: an arm for each form")]
fn form(house: &House, ids: &Ids, who: &str, path: &str) -> Vec<(&'static str, String)> {
    if let Some(form) = super::room::form(&ids.room, who, path).or_else(|| super::county::form(path)) {
        return form;
    }
    let human = house.people.iter().find(|human| human.who == who).unwrap();
    let password = human.password.clone().unwrap_or_else(|| "not known to anybody".to_owned());
    let today = ids.today.as_str();
    let pairs: Vec<(&'static str, &str)> = match path {
        "/sign-in" => vec![("login", who), ("password", &password)],
        // Both languages have pages of their own.
        "/language" if ["wang", "aide", "stranger"].contains(&who) => vec![("to", "en"), ("back", "/account")],
        "/language" => vec![("to", "zh-CN"), ("back", "/account")],
        "/sign-in/code" => vec![("code", "000000")],
        "/account/two-steps" | "/account/two-steps/off" | "/account/two-steps/codes" => {
            vec![("code", "000000"), ("password", &password)]
        }
        "/account/password" => vec![("old", &password), ("new", "the cat on the wall"), ("again", "the dog")],
        "/search" => vec![("q", &ids.part_of_name)],
        "/invitation" => {
            vec![("code", "AAAAA-AAAAA"), ("new", "the cat on the wall"), ("again", "the cat on the wall")]
        }
        "/files/{student}/entry" | "/files/{student}/entry/draft" => {
            vec![("date", today), ("way", "talk"), ("happened", "谈话。"), ("effect", "better"), ("next", "再谈。")]
        }
        "/files/{student}/notes" | "/files/{student}/notes/draft" => {
            vec![("date", today), ("form", "phone"), ("minutes", "20"), ("process", "通话。"), ("limits_told", "yes")]
        }
        // Fields that the roster does not fill, one of each compartment; the version is one that nobody ever saw.
        "/files/{student}/edit/{compartment}" => vec![
            ("main_carer", "外婆"),
            ("main_carer_seen", "99"),
            ("aid", "已认定"),
            ("aid_seen", "99"),
            ("needs", "陪伴"),
            ("needs_seen", "99"),
        ],
        "/files/{student}/circumstance" => vec![("tag", "poor"), ("standing", "verified"), ("basis", "已核实。")],
        "/files/{student}/status" => vec![("status", "in_support"), ("seen", "1")],
        // A warning about this student runs: nothing is destroyed.
        "/files/{student}/erasure" => vec![("ground", "left"), ("why", "毕业。")],
        "/files/{student}/erasure/sign" => vec![("name", "没有这个人"), ("id", NOBODY)],
        "/files/{student}/hold" => vec![("hold", "有投诉。")],
        "/files/{student}/erasure/withdraw" | "/files/{student}/hold/lift" => vec![("id", NOBODY)],
        // For the same reason nothing is sealed away, and so nothing unsealed.
        "/files/{student}/seal" => Vec::new(),
        "/files/{student}/unseal" => vec![("unseal", "family"), ("need", "要看。")],
        "/files/{student}/unseal/sign" | "/files/{student}/unseal/withdraw" => vec![("id", NOBODY)],
        // Of the helper who is there already: nobody comes to know more by it.
        "/files/{id}/pairing" => {
            vec![
                ("helper", &ids.helper),
                ("condition", "learning"),
                ("purpose", "陪伴。"),
                ("starts", today),
                ("ends", today),
            ]
        }
        "/files/{student}/record" => vec![("kind", "parents"), ("date", today), ("text", "谢谢老师。")],
        "/pairings/{id}/hand-over" => vec![("helper", &ids.helper), ("until", today)],
        "/pairings/{id}/end" => vec![("note", "目标达成。")],
        "/helping/{id}/entry" => vec![
            ("form", "7d1f4b0c-1a57-4c8e-8f0d-3b9a2c4d5e6f"),
            ("date", today),
            ("way", "talk"),
            ("happened", "一起读书。"),
            ("effect", "better"),
        ],
        "/classes/{class}/screening" => vec![("day", today), ("scale", "普查")],
        "/classes/{class}/mood" => vec![("day", today), ("seen", "0")],
        "/account/strengths" => vec![("subject", "数学"), ("capacity", "20")],
        "/staff/{id}/check" => vec![("checked", today)],
        "/offices/{office}/admit/{person}" => vec![("fingerprint", "00000"), ("compared", "yes")],
        "/staff" => vec![("login", "newcomer"), ("name", "新老师"), ("role", "school_leader")],
        "/staff/{id}/duties" => vec![("role", "privacy_officer")],
        "/concerns" => {
            vec![("who", "没有这个人"), ("seen", "在操场边坐着"), ("urgency", "this_week"), ("safe", "unknown")]
        }
        "/warnings/letters/{letter}/find" => vec![("q", &ids.part_of_name)],
        "/warnings/letters/{letter}/take" => vec![("student", "00000000-0000-0000-0000-000000000000")],
        "/warnings/letters/{letter}/close" => vec![("reason", "mistaken"), ("note", "不是本校学生。")],
        "/warnings/{warning}/steps/{step}" => vec![("remark-note", "再看看。")],
        // The version is one that nobody ever saw.
        "/warnings/{warning}/level" => vec![("level-severity", "watch"), ("level-reason", "看看。"), ("seen", "99")],
        "/warnings/{warning}/level/sign" | "/warnings/{warning}/closing/sign" => {
            vec![("decision", "refuse"), ("reason", "再看看。")]
        }
        "/warnings/{warning}/brief" => vec![("brief-brief", "多留意。")],
        "/warnings/{warning}/closing" => vec![("closing-reason", "好了。")],
        "/structure/labels" => vec![("labels", "four")],
        "/structure/two-steps" => vec![("two_steps", "own-choice")],
        "/account/mail" => vec![("address", "someone@school.example")],
        // On this machine, where nobody listens: nothing leaves it.
        "/channels/mail" => {
            vec![
                ("host", "127.0.0.1"),
                ("port", "9"),
                ("encryption", "tls"),
                ("sender", "yice@school.example"),
                ("seen", "0"),
            ]
        }
        "/channels/{channel}/robot" => vec![("address", "http://127.0.0.1:9/hook"), ("seen", "0")],
        "/channels/{channel}/try" | "/channels/{channel}/close" => Vec::new(),
        "/due/handover" => vec![("first", "2027-01-23")],
        "/structure/calendar" => vec![("first", "2027-01-01"), ("last", ""), ("kind", "off")],
        "/structure/calendar/lines" => vec![("lines", "2027-01-04 班")],
        "/structure/calendar/remove" => vec![("first", "2027-01-01"), ("last", "2027-01-01")],
        "/warnings/{warning}/crisis" => vec![("open-reason", "看看。")],
        // Nobody whom there is: no key goes to anybody by it.
        "/warnings/{warning}/crisis/leader" => vec![("leader-person", NOBODY), ("leader-reason", "看看。")],
        "/warnings/{warning}/crisis/leader/end" => vec![("end-grant", NOBODY)],
        "/warnings/{warning}/crisis/team" => vec![("team-person", NOBODY), ("team-duty", "other")],
        "/warnings/{warning}/crisis/team/leave" => vec![("leave-person", NOBODY)],
        "/warnings/{warning}/crisis/plan" => {
            vec![("plan-what", "看看。"), ("plan-person", NOBODY), ("plan-until", today)]
        }
        "/warnings/{warning}/crisis/plan/done" => vec![("done-number", "99")],
        "/warnings/{warning}/crisis/shifts" => vec![("shift-from", "x"), ("shift-to", "x"), ("shift-who", "看看。")],
        "/warnings/{warning}/crisis/shifts/remove" => vec![("remove-number", "99")],
        "/warnings/{warning}/crisis/closing" => vec![("closing-outcome", "好了。")],
        "/warnings/{warning}/crisis/closing/sign" => vec![("sign-decision", "sign"), ("sign-seen", "99")],
        "/warnings/{warning}/referrals" => vec![("to", "hospital"), ("contact", "医院"), ("follower", NOBODY)],
        "/referrals/{referral}/steps/{move}" => vec![("seen", "99")],
        "/referrals/{referral}/packet/check" | "/referrals/{referral}/packet" => {
            vec![("parts", "p-sex"), ("to", "医院"), ("ground", "emergency"), ("way", "print")]
        }
        "/reports/mandatory" => vec![
            ("situation", "other"),
            ("who", "没有这个人"),
            ("seen", "在操场边坐着"),
            ("place", "操场"),
            ("safe", "unknown"),
        ],
        "/reports/mandatory/receipt" => vec![("phrase", "AAAAA-AAAAA-AAAAA-AAAAA")],
        "/reports/mandatory/named" | "/reports/mandatory/named/end" => vec![("person", NOBODY)],
        "/reports/mandatory/{report}/steps/{move}" => vec![("seen", "99"), ("note-text", "看看。")],
        "/structure/name" => vec![("school", SCHOOL)],
        "/structure/classes" => vec![("grade", "8"), ("number", "5")],
        "/structure/terms" | "/structure/terms/{id}" => vec![("name", "学期"), ("starts", today), ("ends", today)],
        // Nothing but the button.
        "/imports/{id}" | "/structure/classes/{id}/reopen" | "/helping/{id}/accept" => Vec::new(),
        button if LAST.contains(&button) => Vec::new(),
        other => panic!("the walk has no form for {other}"),
    };
    pairs.into_iter().map(|(key, text)| (key, text.to_owned())).collect()
}

/// Every command that works on an installation, as whoever operates the server.
fn commands(house: &mut House, ids: &Ids) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.xlsx");
    std::fs::write(&file, &ids.workbook).unwrap();
    let file = file.to_str().unwrap();
    for import in [&["--dry-run"][..], &["--dry-run", "--json"], &["--json"], &["--lang", "en"]] {
        house.run(&[&["import", file, "--school", SCHOOL], import].concat());
    }
    for command in
        [&["audit", "verify"][..], &["key", "check"], &["policy", "matrix"], &["person", "list", "--school", SCHOOL]]
    {
        house.run(command);
    }
    for command in [
        &["person", "invite", "another", "另一位老师", "--role", "helper", "--school", SCHOOL][..],
        &["person", "renew", "aide", "--school", SCHOOL],
    ] {
        let said = house.run(command);
        let code = said.out.trim().split('\t').nth(1).expect("a code").to_owned();
        house.secrets.push(code);
    }
}
