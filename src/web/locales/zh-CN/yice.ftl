### roster

# 名册导入：整个文件无法读取
roster-unreadable-not-a-workbook = 这不是 Excel 工作簿。请上传扩展名为 .xlsx 的学籍表。
roster-unreadable-text-file = 这是文本、CSV 或网页文件。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。
roster-unreadable-old-excel = 这是旧版 Excel（.xls）文件。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。
roster-unreadable-encrypted = 工作簿设有打开密码。请先取消密码，再上传。
roster-unreadable-damaged = 工作簿已损坏或不完整。请用 Excel 或 WPS 打开检查，另存后重新上传。
roster-unreadable-too-large = 文件超过 { $detail } MB。学籍表通常不到 5 MB，请检查是否选错文件，或删去图片后再上传。
roster-unreadable-inflates = 工作簿的内容超过 { $detail } MB，不像学籍表，未予读取。
roster-unreadable-too-many-rows = 数据超过 { $detail } 行。请按年级或班级分成几个文件上传。
roster-unreadable-too-many-columns = 数据超过 { $detail } 列。请删去无关的列后再上传。
roster-unreadable-no-sheet = 工作簿里没有可见的工作表。
roster-unreadable-no-header = 没有找到表头行，缺少必需的列：{ $detail }。
roster-unreadable-column-twice = 表头中「{ $detail }」出现了不止一次。请只保留一列。
roster-unreadable-several-rosters = 工作簿里有 { $detail } 张学生名单。请合并到一张工作表，或分成几个文件上传。
roster-unreadable-empty = 表中没有学生数据。

# 名册导入：某一行被拒绝
roster-refusal = 第 { $line } 行「{ $column }」：{ $problem }
roster-problem-name-missing = 姓名未填写。
roster-problem-name-invalid = 姓名中没有文字，请核对。
roster-problem-sex-missing = 性别未填写。
roster-problem-sex-unknown = 性别应为“男”或“女”。
roster-problem-birth-missing = 出生日期未填写。
roster-problem-birth-invalid = 出生日期不是有效日期，请按“2013-09-24”的样式填写。
roster-problem-birth-implausible = 出生日期与在校学生的年龄不符，请核对年份。
roster-problem-id-kind-unknown = 身份证件类型不在代码表中。
roster-problem-id-missing = 身份证件号未填写。
roster-problem-id-fifteen = 这是 15 位的旧身份证号，请改填 18 位号码。
roster-problem-id-length = 身份证件号不是 18 位，请核对。
roster-problem-id-format = 身份证件号中有不应出现的字符或不存在的日期，请核对。
roster-problem-id-checksum = 身份证件号校验位不对，请核对。
roster-problem-digits-lost = 号码被 Excel 存成了数字，末几位已丢失。请把单元格设为“文本”格式后重新填写。
roster-problem-student-number-invalid = 学籍号只能由字母和数字组成，请核对。
roster-problem-grade-missing = 年级未填写。
roster-problem-grade-unknown = 没有这个年级，应为一年级至九年级。
roster-problem-class-missing = 班级未填写。
roster-problem-class-unknown = 看不出班级序号，请按“3班”的样式填写。
roster-problem-class-of-another-grade = 班级中写的年级与“年级”列不一致。
roster-problem-seat-invalid = 班内学号应为 1 至 999 的数字。
roster-problem-code-unknown = 填写的内容不在代码表中。
roster-problem-left-behind-unknown = 留守类型不在代码表中，应为“非留守儿童”“单亲留守儿童”或“双亲留守儿童”。
roster-problem-disability-unknown = 残疾类型不在代码表中，应为“无残疾”或具体类型，如“听力残疾”。
roster-problem-aid-unknown = 资助认定等级不在代码表中，应为“一般困难”“比较困难”或“特别困难”。
roster-problem-text-too-long = 内容过长，请缩短。
roster-problem-cell-error = 单元格是公式错误（如 #REF!），请改填实际内容。
roster-problem-duplicate-student = 与第 { $first } 行是同一名学生，重复填写。
roster-problem-student-number-taken = 学籍号与第 { $first } 行的另一名学生相同。
roster-problem-id-taken = 身份证件号与第 { $first } 行的另一名学生相同。

# 名册导入：可以导入，但请核对
roster-caution-birth-differs = 出生日期与身份证号中的日期不一致，请核对。
roster-caution-sex-differs = 性别与身份证号不一致，请核对。
roster-caution-id-shared = 身份证件号与第 { $first } 行相同而姓名不同，请核对是哪一名学生的号码。
