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

### pages: staff, structure, invitations, offices

account-state-invited = Invited
account-state-lapsed = Invitation expired
account-state-active = In use
account-state-closed = Closed
key-state-not_needed = Not needed
key-state-waiting = Waiting for a counsellor
key-state-held = Held
staff-title = Staff
staff-what = Open accounts and give roles here. An administrator holds no keys and sees nothing of any student; where a role needs a key, a counsellor compares fingerprints in person and hands it over.
staff-list = Staff of this school
staff-name = Name
staff-login = Sign-in name
staff-login-hint = 2 to 32 characters: letters, Chinese characters, digits, dots and dashes, such as the name in pinyin.
staff-role = Role
staff-roles = Roles
staff-roles-hint = You can choose several.
staff-class = Class
staff-class-hint = Only a homeroom teacher needs a class.
staff-duty = { $role } ({ $class })
staff-state = Account
staff-keys = Keys
staff-new = New member of staff
staff-create = Open the account and make an invitation code
staff-person-title = Staff account
staff-no-roles = No roles at present
staff-end-role = End this role
staff-end-role-hint = The person leaves the office at once, and the counsellors are shown which keys must be changed.
staff-give-role = Give a role
staff-own = This is your own account. So that nobody decides alone, another administrator changes your roles.
staff-invited-until = The invitation code is valid until { $until }.
staff-invite-again = Invite again
staff-invite-hint = Makes a new invitation code; the earlier one stops working.
staff-renew-hint = For a forgotten password. Ends all sessions at once and destroys the keys the person had; after setting a password with the new code, a counsellor must compare fingerprints again. Pairings end, and the person's own counselling notes can be brought back with two recovery slips only.
staff-carries-keys = The open invitation carries the keys of offices. Once you invite again, only two recovery slips bring those keys back.
staff-last-keeper = Nobody else holds the key of the counselling office. If you go on, only two recovery slips will open the files again. Let another counsellor join first.
staff-close = Close the account
staff-close-hint = For somebody who leaves the school. Ends all sessions, roles and pairings at once and destroys the keys; everything the person wrote stays.
staff-invited-title = Invitation code
staff-invited-what = Hand the code over in person. It is shown this once and cannot be looked up again.
staff-invited-next = On the sign-in page the person chooses "I have an invitation code", enters it and sets an own password.
staff-invited-done = I have noted it
staff-code = Invitation code
staff-valid-until = Valid until
invitation-title = Accept an invitation
invitation-what = Welcome to Yice. Enter the invitation code that a colleague gave you, and set a password that only you know.
invitation-code = Invitation code
invitation-code-hint = 25 characters; case, spaces and dashes do not matter.
invitation-accept = Accept and sign in
invitation-forget = Keep the password in mind: it is also the key to the files, and nobody can recover it for you.
offices-title = Offices and keys
offices-what = The keys of the files are held by offices together. You let new colleagues in after comparing fingerprints in person, and change the keys when somebody has left.
offices-waiting = Waiting to join
offices-nobody-waits = Nobody is waiting to join
offices-compare = Ask the person to open "My account", and compare the fingerprint below group by group, face to face or by telephone. Confirm only if all of it is the same; otherwise do not confirm, and tell the administrator.
offices-office = Office
offices-of-class = { $office } ({ $class })
offices-fingerprint = Fingerprint
offices-compared = I compared it with the person, and all of it is the same
offices-admit = Confirm and hand over the key
offices-due = Keys to be changed
offices-due-what = Somebody left, or was given a new identity. After the change they read nothing that is written from then on, even with a copy of the old data. It can take half a minute; please leave the page open.
offices-lost-keys = { $count ->
    [one] { $count } key that was handed out singly
   *[other] { $count } keys that were handed out singly
}
offices-rotate = Change the key
offices-list = Members of the offices
offices-members = Members
offices-nobody = Nobody yet
structure-title = Classes and terms
structure-school = Name of the school
structure-rename = Save the name
structure-classes = Classes
structure-classes-hint = Importing a roster makes the classes; there is seldom a need to make one by hand.
structure-no-classes = No classes yet
structure-class = Class
structure-state = State
structure-open = At the school
structure-closed = Has left
structure-close = Mark as left
structure-reopen = Mark as present
structure-new-class = New class
structure-grade = Grade
structure-number = Class number
structure-terms = Terms
structure-no-terms = No terms yet
structure-new-term = New term
structure-term-title = Change a term
structure-term-name = Name of the term
structure-term-hint = Such as 2026–2027, first term
structure-term-starts = First day
structure-term-ends = Last day
structure-save = Save
structure-stale = A colleague saved something different after you opened this page. What they saved stands below; the form still holds what you wrote. If you compare and save again, yours will stand.
done-duty-given = The role was given.
done-duty-ended = The role was ended.
done-person-closed = The account was closed.
done-invitation-accepted = Welcome! Your account is ready.
done-admitted = The key was handed over; your colleague can open the files now.
done-rotated = The keys were changed.
done-class-made = The class was made.
done-class-closed = The class was marked as left.
done-class-reopened = The class was marked as present.
done-term-saved = The term was saved.
field-problem-login-taken = This sign-in name is taken.
field-problem-login-invalid = A sign-in name has 2 to 32 characters: letters, Chinese characters, digits, dots and dashes.
field-problem-not-yourself = You cannot change your own account; ask another administrator.
field-problem-role-held = The person has this role already.
field-problem-name-taken = This name exists already.
field-problem-number-out-of-range = This number is out of range.
field-problem-class-exists = This class exists already.
field-problem-invitation-unknown = The code is wrong, was used already, or has expired. Check what you typed, or ask the administrator to invite you again.
field-problem-fingerprint-changed = The fingerprint is not the one that was shown; no key was handed over. Compare again in person, and tell the administrator if in doubt.
field-problem-fingerprint-not-compared = Compare the fingerprint with the person first, then tick the box.
