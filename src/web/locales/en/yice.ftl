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
