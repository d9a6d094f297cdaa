### frame

product = Yice
product-tagline = One student, one file · care with evidence · privacy first

frame-skip = Skip to content
frame-nav = Main navigation
frame-signed-in-as = Signed in as
frame-sign-out = Sign out
frame-language = Change language
frame-privacy = Hide screen
frame-privacy-hint = Press Esc twice to hide or show the page at once
frame-veiled = The page is hidden
frame-veiled-hint = Press Esc twice, or use the button below, to show it again.
frame-unveil = Show the page
frame-notice = Notice
frame-footer = For authorised staff of this school in the course of duty. Every reading is recorded.
frame-hotline = Psychological helpline 12356 · Ambulance 120 · Police 110
frame-print = Print

form-required = required
form-optional = optional
form-choose = Please choose
form-errors = A few entries need attention; they are marked below.
form-draft-saved = Draft saved
form-draft-failed = Draft not saved yet; please check the network
list-separator = ,{" "}
chart-hidden = not published

### problems

problem-incident = If you need help, give the administrator the number { $incident }.
problem-home = Back to the start page
problem-sign-in = Sign in
problem-not-found = This page was not found
problem-not-found-do = The address may be wrong, or it may lie outside your work. Go back to the start page and enter through the list.
problem-signed-out = Please sign in
problem-signed-out-do = You are not signed in, or your session has ended. Sign in to continue; saved drafts are kept.
problem-not-allowed = You cannot do this
problem-not-allowed-do = Your post does not include this permission. If your work needs it, ask your school's administrator.
problem-stale = Somebody else has changed this
problem-stale-do = A colleague saved a newer text after you opened this page. Go back, open it again, compare, and then save.
problem-invalid = Some entries need attention
problem-invalid-do = Go back to the previous page, check the entries and send them again.
problem-too-many = Too many attempts, please wait
problem-too-many-do = Try again in { $wait }.
problem-too-large = What you sent is too large
problem-too-large-do = Shorten the text or choose a smaller file, and send it again.
problem-bad-request = This submission could not be read
problem-bad-request-do = The data was incomplete or in the wrong form. Go back, fill in the page again and send it.
problem-cross-site = This submission did not come from a page of this system
problem-cross-site-do = It was stopped to protect your account. Start again from a page of this system; if this keeps happening, update your browser.
problem-method = This address cannot be opened in this way
problem-method-do = Do not open the address of a form directly. Go back to the start page and use the pages.
problem-unsupported = This kind of file or data is not supported
problem-unsupported-do = Use the form on the page, and choose a file of the type it names.
problem-busy = The system is busy
problem-busy-do = Nothing was saved and nothing was lost. Please try again in a few seconds.
problem-cannot-save = Saving is not possible at the moment
problem-cannot-save-do = The storage is full or read-only, and nothing was saved this time. Please tell the system administrator soon.
problem-internal = Something went wrong
problem-internal-do = Nothing was saved this time. Try again later; if it still fails, tell the system administrator.

### formats

wait-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
wait-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
class-name = { $grade }, Class { $number }
grade-1 = Grade 1
grade-2 = Grade 2
grade-3 = Grade 3
grade-4 = Grade 4
grade-5 = Grade 5
grade-6 = Grade 6
grade-7 = Grade 7
grade-8 = Grade 8
grade-9 = Grade 9
grade-10 = Senior 1
grade-11 = Senior 2
grade-12 = Senior 3
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun

### words

role-counsellor = Counsellor
role-homeroom_teacher = Homeroom teacher
role-subject_teacher = Subject teacher
role-grade_head = Grade head
role-moral_ed_director = Moral-education director
role-helper = Helper
role-external_helper = External helper
role-case_leader = Case leader
role-aid_officer = Aid officer
role-school_leader = School leader
role-district_officer = District officer
role-privacy_officer = Privacy officer
role-sys_admin = System administrator

relation-own_class = Homeroom of this class
relation-teaches = Teaches this class
relation-paired = Paired helper
relation-case_leader = Leads this case
relation-author = Author
relation-granted = Special grant
relation-own = Own
relation-same_school = Same school
relation-none = No relation

kind-roster = Roster
kind-contact = Contact and family
kind-circumstance = Circumstances
kind-support = Support
kind-warning = Warnings
kind-counselling = Counselling
kind-restricted = Restricted
kind-statistics = Statistics
kind-structure = Classes and terms
kind-staff = Staff accounts
kind-pairing = Pairings
kind-audit = Audit records
kind-views = Reading records
kind-keys = Keys and office members
kind-account = Own account

action-read = Read
action-write = Change
action-append = Append
action-report = Sealed report
action-import = Import
action-manage = Manage
action-admit = Admit a member

office-kind-counselling = Counselling office
office-kind-homeroom = Homeroom office
office-kind-moral_ed = Moral-education office

group-tag-left_behind = Left behind
group-tag-single_parent = Single parent
group-tag-orphan = Orphan
group-tag-unattended = De facto unattended
group-tag-disabled = Disability
group-tag-poor = Financial difficulty
group-tag-emotional = Emotional
group-tag-behaviour = Behaviour

sex-male = Male
sex-female = Female

boarding-day = Day pupil
boarding-boarder = Boarder

way-talk = Talk
way-home_visit = Home visit
way-phone = Phone call
way-tutoring = Tutoring
way-activity = Activity
way-material_help = Material help
way-referral = Referral

effect-much_better = Much better
effect-better = Somewhat better
effect-unchanged = No clear change
effect-worse = Relapsed or worse

file-status-enrolled = Enrolled
file-status-verifying = Being verified
file-status-not_taken = Not taken up
file-status-in_support = In support
file-status-review = Under review
file-status-closed = Closed
file-status-watch = Follow-up watch
file-status-sealed_away = Sealed

language-zh-CN = 中文
language-en = English
