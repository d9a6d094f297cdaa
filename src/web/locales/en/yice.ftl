### roster

# Roster import: the file as a whole cannot be read
roster-unreadable-not-a-workbook = This is not an Excel workbook. Please upload the student record table as an .xlsx file.
roster-unreadable-text-file = This is a text, CSV or web page file. Please open it in Excel or WPS, save it as .xlsx and upload that.
roster-unreadable-old-excel = This is an old Excel file (.xls). Please open it in Excel or WPS, save it as .xlsx and upload that.
roster-unreadable-encrypted = The workbook opens only with a password. Please remove the password and upload it again.
roster-unreadable-damaged = The workbook is damaged or incomplete. Please open it in Excel or WPS, save it again and upload that.
roster-unreadable-too-large = The file is larger than { $detail } MB. A student record table usually has less than 5 MB: please check the file, or remove pictures.
roster-unreadable-inflates = The workbook holds more than { $detail } MB, which no student record table does. It was not read.
roster-unreadable-too-many-rows = There are more than { $detail } rows. Please upload one file per grade or class.
roster-unreadable-too-many-columns = There are more than { $detail } columns. Please remove those that do not belong to the table.
roster-unreadable-no-sheet = The workbook has no visible worksheet.
roster-unreadable-no-header = No header row was found. Required columns that are missing: { $detail }.
roster-unreadable-column-twice = The column “{ $detail }” occurs more than once in the header. Please keep one of them.
roster-unreadable-several-rosters = The workbook has { $detail } lists of students. Please put them on one worksheet or upload them as separate files.
roster-unreadable-empty = The table has no students.

# Roster import: a row is refused
roster-refusal = Row { $line }, column “{ $column }”: { $problem }
roster-problem-name-missing = The name is empty.
roster-problem-name-invalid = The name has no letter or character in it. Please check it.
roster-problem-sex-missing = The sex is empty.
roster-problem-sex-unknown = The sex must be 男 (male) or 女 (female).
roster-problem-birth-missing = The birth date is empty.
roster-problem-birth-invalid = The birth date is not a date. Please write it like 2013-09-24.
roster-problem-birth-implausible = The birth date does not fit a student. Please check the year.
roster-problem-id-kind-unknown = The kind of identity document is not in the code table.
roster-problem-id-missing = The identity number is empty.
roster-problem-id-fifteen = This is an old identity number of 15 digits. Please enter the number of 18.
roster-problem-id-length = The identity number does not have 18 characters. Please check it.
roster-problem-id-format = The identity number has characters or a date that cannot be in it. Please check it.
roster-problem-id-checksum = The check character of the identity number is wrong. Please check the number.
roster-problem-digits-lost = Excel stored this number with its last digits lost. Please format the cell as text and enter it again.
roster-problem-student-number-invalid = A student number has only letters and digits. Please check it.
roster-problem-grade-missing = The grade is empty.
roster-problem-grade-unknown = There is no such grade. It must be one of 一年级 to 九年级 (1 to 9).
roster-problem-class-missing = The class is empty.
roster-problem-class-unknown = The class has no recognisable number. Please write it like 3班.
roster-problem-class-of-another-grade = The class names another grade than the grade column.
roster-problem-seat-invalid = The class number must be a number from 1 to 999.
roster-problem-code-unknown = The value is not in the code table.
roster-problem-left-behind-unknown = The value is not in the code table. It must be 非留守儿童, 单亲留守儿童 or 双亲留守儿童.
roster-problem-disability-unknown = The value is not in the code table. It must be 无残疾 or a kind of disability such as 听力残疾.
roster-problem-aid-unknown = The value is not in the code table. It must be 一般困难, 比较困难 or 特别困难.
roster-problem-text-too-long = The text is too long. Please shorten it.
roster-problem-cell-error = The cell has a formula error such as #REF!. Please enter the value itself.
roster-problem-duplicate-student = This is the same student as in row { $first }.
roster-problem-student-number-taken = The student number belongs to another student, in row { $first }.
roster-problem-id-taken = The identity number belongs to another student, in row { $first }.

# Roster import: taken in, but please check
roster-caution-birth-differs = The birth date differs from the one in the identity number. Please check it.
roster-caution-sex-differs = The sex differs from the one in the identity number. Please check it.
roster-caution-id-shared = The identity number is the same as in row { $first } under another name. Please check whose number it is.
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

### pages: sign-in and account

problem-no-key = Your key is not ready yet
problem-no-key-do = The role is yours, but a colleague (a counsellor) still has to confirm your fingerprint and hand you the key of the office. Ask a counsellor to confirm you on the page "Offices and keys".
nav-classes = Classes and students
nav-helping = Students I help
nav-statistics = Statistics
nav-pairings = Pairings
nav-import = Import roster
nav-offices = Offices and keys
nav-staff = Staff
nav-structure = Classes and terms
nav-audit = Audit
nav-account = My account
sign-in-title = Sign in
sign-in-what = Yice keeps the care files of students. Only the teachers entrusted with a file can open it, and every opening leaves a trace.
sign-in-locked = Locked: the page closes after a while without use. What you had not finished was kept as a draft; sign in again to go on.
sign-in-login = Sign-in name
sign-in-password = Password
sign-in-button = Sign in
sign-in-wrong = The sign-in name or the password is wrong.
sign-in-invited = I have an invitation code and am here for the first time
sign-in-forgotten = Forgotten your password? Ask a colleague to invite you again. To protect the students, nobody can recover it for you.
account-title = My account
account-login = Sign-in name
account-fingerprint = Fingerprint of my key
account-fingerprint-hint = Before a colleague hands you the key of an office, they compare these characters with you, face to face or by telephone.
account-password = Change password
account-password-hint = This signs you out on all other computers.
account-old = Present password
account-new = New password
account-new-hint = At least 10 characters; a sentence is fine.
account-again = New password again
account-change = Change password
account-sessions = Sign out elsewhere
account-sessions-hint = If you forgot to sign out on another computer, click here. It signs you out on all computers, this one included.
account-sign-out-everywhere = Sign out on all computers
done-saved = Saved.
done-entry-saved = The entry was saved.
done-note-saved = The note was saved; only you can open it.
done-password-changed = The password was changed and all other computers were signed out.
done-signed-out-everywhere = All computers were signed out.
done-status-changed = The stage of the file was changed.
done-decided = Your finding was recorded.
field-problem-required = Please fill this in.
field-problem-too-long = This is too long; please shorten it.
field-problem-date-in-the-future = The date must not be after today.
field-problem-date-invalid = This is no date; write it like 2026-09-01.
field-problem-choose = Please choose one.
field-problem-password-wrong = The present password is wrong.
field-problem-password-differs = The two new passwords differ.
field-problem-too_short = At least 10 characters are needed.
field-problem-too_long = At most 128 characters.
field-problem-common = This password is too common and easily guessed.
field-problem-same_as_login = The password must not resemble the sign-in name.
field-problem-status-does-not-follow = The file cannot move to this stage from where it is.
field-problem-ends-before-it-starts = The end is before the start.
field-problem-field-of-another-form = This field does not belong to this form; it was not saved.

### pages: classes, files, notes

classes-title = Classes and students
classes-caption = Classes you may look into
classes-class = Class
classes-students = Students
classes-open = Care files
classes-none = There is no class yet
classes-none-do = Classes are made when a roster is imported.
class-title = Class list
class-caption = { $students } students in this class
class-seat = Class number
class-name-column = Name
class-sex = Sex
class-boarding = Boarding
class-care = Care
class-do = Entry
class-log = Log entry
class-empty = This class has no students yet
class-empty-do = Please import a roster.
class-verify = To be verified
verify-what = The roster says things that a teacher has yet to verify. Open the file and decide; before that nothing is counted anywhere.
verify-caption = { $students } students with something to verify
verify-open = Open file to verify
verify-none = Nothing waits to be verified in this class.
care-mark = In care
search-title = Find a student
search-label = Find a student
search-button = Find
search-hint = A name, part of a name, pinyin initials (such as zxm) or the class number.
search-found = { $students } students found
search-none = Nobody found
search-none-do = Try another character, or the pinyin initials only.
file-title = Student file
file-actions = What you can do
file-log = Log an entry
file-notes = Counselling notes
file-pairing = Pairing
file-views = Who has seen this
file-roster = Roster
file-number = Student number
file-helpers = Helpers
file-purpose = Purpose of the pairing
file-status = Stage of the file
file-status-change = Change stage
file-edit = Edit
file-entries = Tracking entries
file-no-entries = No tracking entries yet.
decide-verify = Verified
decide-dismiss = Not the case
decide-end = It is over
decide-more = Add a circumstance
decide-tag = Group
decide-basis = Basis
decide-basis-hint = For example: home visit, civil affairs office, application by the parents.
decide-since = Since
decide-add = Add as verified
entry-title = Log a tracking entry
entry-date = Date
entry-way = Way
entry-happened = What happened
entry-happened-hint = Write facts that were seen or heard, no judgements.
entry-effect = Effect
entry-next = Next step
entry-save = Save entry
entry-append-only = A saved entry stays as it is. A mistake can be corrected by a new entry; the old one is kept.
entry-restored = This is what you had not finished; you can go on.
entry-correcting = You are correcting an entry. The old one is kept and marked as corrected.
entry-correct = Correct this entry
entry-corrected = Corrected
entry-corrects = Corrects an earlier entry
edit-title = Edit file
edit-save = Save
edit-stale = While you were writing, a colleague saved something new. Both texts are below: merge them as you want them and save again.
edit-theirs = Just saved by a colleague:
notes-title = Counselling notes
notes-secret = Only you can open what stands here. Colleagues, leaders and administrators hold no key.
notes-new = Write a note
notes-form = Form
notes-minutes = Length (minutes)
notes-length = { $minutes } minutes
notes-complaint = Presenting problem
notes-complaint-hint = In the student's own words where possible.
notes-process = Process and observations
notes-plan = Measures and next session
notes-limits-told = The limits of secrecy were explained to the student
notes-save = Save note
notes-none = No notes yet.
field-problem-minutes = Please give the minutes, such as 40.

### words: files

field-birth_date = Date of birth
field-ethnicity = Ethnicity
field-household = Household registration
field-address = Address
field-telephone = Telephone
field-family = Family structure
field-carer_one = Family member 1
field-carer_two = Family member 2
field-main_carer = Main carer
field-entrusted_care = Entrusted care
field-disability = Disability type, grade and adjustments
field-aid = Aid level and validity
field-circumstance_note = Other circumstances
field-strengths = Strengths and interests
field-observed = Observations (facts)
field-causes = Causes
field-needs = Needs
field-goals = Goals
field-measures = Measures and who takes them
field-student_view = What the student thinks
standing-proposed = to be verified
standing-verified = verified
standing-dismissed = not the case
standing-ended = over
session-form-face_to_face = Face to face
session-form-online = Online
session-form-phone = Telephone
session-form-letter = Letter

### the command line

cli-no-folder = there is no folder { $path }
cli-not-founded = { $path } holds no installation yet; run yice init --dir { $path } first
cli-founded = { $path } holds an installation already; nothing was changed
cli-no-secret = the server secret { $path } is missing; restore it from a backup or set YICE_SERVER_SECRET
cli-strange-secret = { $path } is no server secret: expected 64 hexadecimal digits
cli-wrong-secret = the server secret does not belong to this database; nothing was changed. Use the secret that it was made with
cli-strange-database = a database address starts with postgres://; without one, yice.db in the folder is used
cli-newer = the database is from a newer version of yice; update yice first
cli-read-only = the database is read-only; check the permissions of its file and the disk
cli-locked = another program holds the database; try again later
cli-unreachable = the database cannot be used: { $cause }
cli-damaged = the database file is damaged, or no database; restore it from a backup
cli-file = { $path } cannot be used: { $cause }
cli-port-taken = the address { $address } is taken; choose another with --listen, such as --listen 127.0.0.1:0 for any free one
cli-address = cannot listen on { $address }: { $cause }
cli-open = other computers can reach { $address } and there is no TLS, so nothing was started. Add --behind-tls when a proxy in front ends TLS, or --insecure-lan if you accept the risk
cli-no-school = there is no school named “{ $name }”
cli-school-taken = there is a school named “{ $name }” already
cli-which-school = there are several schools; say which one with --school
cli-no-person = nobody signs in as { $login }
cli-login-taken = somebody signs in as { $login } already
cli-no-keys = { $login } has not accepted the invitation yet and has no key pair to be let in with
cli-no-class = there is no class { $class }; write 7-1 for grade 7, class 1
cli-which-class = this role is held for a class; say which one with --class, such as --class 7-1
cli-slip = the recovery slips cannot be used: { $problem }
cli-other-slips = these recovery slips are not of this installation
cli-other = it did not work: { $cause }
cli-policy-sound = the policy is sound: { $lines } lines
cli-audit-house = (the installation)
cli-audit-whole = { $school }: { $lines } lines, whole
cli-audit-broken = the audit chain of { $school } is broken from line { $line } on
cli-stopped = stopped
cli-init-slips = These are the three recovery slips, shown this once. Print them apart and have three people keep them sealed: any two bring the keys back, one alone opens nothing.
cli-init-codes = These are the sign-in names and invitation codes of the first administrator and the first counsellor, valid for { $days } days. Hand them over in person; each sets a password of their own at /invitation.
cli-init-next = Done. Start the server with: yice serve --dir { $path }
### pages: pairings and helping

pairing-title = Arrange a helper
pairing-what = The helper can open two parts of this one student's file, "Contact and family" and "Support", and sees neither circumstances nor counselling notes nor the class list. It closes by itself after the last day.
pairing-no-helpers = There is no helper to choose yet.
pairing-no-helpers-advice = Ask the administrator to give a teacher the role of helper; once the teacher has signed in with the invitation code, they appear here.
pairing-helper-choice = { $name } ({ $login })
pairing-purpose = What the helper does
pairing-purpose-hint = For the helper to read: what to do and how often. Do not write why the student is looked after. At most 200 characters.
pairing-starts = First day
pairing-ends = Last day
pairing-ends-hint = At most a year; closes by itself after this day.
pairing-start = Start the pairing
pairing-back = Back to the file
pairing-state-over = Past its last day, keys to be taken back
pairing-state-running = Running
pairing-state-planned = Not started yet
pairing-state-ended = Ended
pairings-title = Pairings
pairings-what = A helper can open two parts of the file of the student they are paired with. Ending a pairing changes the keys: what is written afterwards stays closed to the former helper.
pairings-all = Pairings of the school
pairings-none = There are no pairings yet.
pairings-none-advice = A counsellor can arrange a helper from a student's file or from the list below.
pairings-student = Student
pairings-class = Class
pairings-helper = Helper
pairings-days = Days
pairings-from-to = { $from } to { $to }
pairings-state = State
pairings-act = Action
pairings-no-key = You do not hold the key of this class yet
pairings-end = End
pairings-end-hint = The helper can no longer open the file from this moment, and the keys are changed. What was written stays.
pairings-end-now = End the pairing, change the keys
pairings-without = Students with an open file and no helper: { $count }
pairings-without-none = Every student with an open file has a helper.
pairings-without-unnamed = You do not hold the key of every class; students there are counted, not named.
helping-title = Students I help
helping-what = Only the students you are paired with today. Looking and writing both leave a trace.
helping-none = You are paired with no student today.
helping-none-advice = A counsellor arranges pairings. A student appears here when the pairing starts and disappears when it ends.
helping-last = Last entry
helping-last-none = No entry yet
helping-next = Next step
helping-next-none = The last entry names no next step
helping-write = Write an entry
helping-open = Open the file
helping-no-key = Your key was changed, so this student's file does not open for now. Ask a counsellor to arrange the pairing again.
done-pairing-started = The pairing was started; the helper can open the file from the first day on.
done-pairing-ended = The pairing was ended and the keys were changed.
field-problem-helper-is-you = You cannot choose yourself. Please choose another teacher.
field-problem-helper-has-no-such-role = This teacher does not have the role of helper; ask the administrator first.
field-problem-helper-not-ready = This teacher has not accepted the invitation yet; they must sign in once first.
field-problem-helper-already = This teacher is already paired with this student.
field-problem-no-open-file = This student has no open file, so no pairing can start.
field-problem-ends-in-the-past = The last day is already over.
field-problem-longer-than-a-year = A pairing lasts at most a year; choose an earlier last day.
