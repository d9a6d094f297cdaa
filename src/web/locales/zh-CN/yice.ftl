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
### frame

product = 一册
product-tagline = 一人一册 · 关爱有据 · 隐私优先

frame-skip = 跳到正文
frame-nav = 主导航
frame-signed-in-as = 当前登录
frame-sign-out = 退出登录
frame-language = 切换语言
frame-privacy = 隐私遮屏
frame-privacy-hint = 连按两次 Esc 可立即遮住或恢复页面
frame-veiled = 页面已遮住
frame-veiled-hint = 连按两次 Esc，或点下面的按钮恢复。
frame-unveil = 恢复显示
frame-notice = 提示
frame-footer = 内容仅供本校授权人员履职使用，查阅均有记录。
frame-hotline = 心理援助热线 12356 · 急救 120 · 报警 110
frame-print = 打印

form-required = 必填
form-optional = 选填
form-choose = 请选择
form-errors = 有几处需要修改，已在下面标出。
form-draft-saved = 草稿已保存
form-draft-failed = 草稿暂未保存，请检查网络
list-separator = 、
chart-hidden = 不公布

### problems

problem-incident = 如需帮助，请把编号 { $incident } 告诉管理员。
problem-home = 回到首页
problem-sign-in = 去登录
problem-not-found = 没有找到这个页面
problem-not-found-do = 可能地址有误，也可能不在您的工作范围内。请回到首页，从名单中进入。
problem-signed-out = 请先登录
problem-signed-out-do = 登录已过期或尚未登录。登录后可以继续，已保存的草稿不会丢失。
problem-not-allowed = 您不能进行这项操作
problem-not-allowed-do = 您的岗位没有这项权限。如工作需要，请联系本校管理员。
problem-stale = 内容已被他人修改
problem-stale-do = 您打开之后，别人先保存了新的内容。请返回重新打开，核对后再保存。
problem-invalid = 填写的内容需要修改
problem-invalid-do = 请返回上一页，检查后重新提交。
problem-too-many = 操作太频繁，请稍候
problem-too-many-do = 请在 { $wait }后再试。
problem-too-large = 提交的内容太大
problem-too-large-do = 请缩短文字，或换用较小的文件后再提交。
problem-bad-request = 无法读取这次提交
problem-bad-request-do = 数据不完整或格式不对。请返回上一页，重新填写后提交。
problem-cross-site = 这次提交不是从本系统页面发出的
problem-cross-site-do = 为保护您的账号，已经拦下。请从本系统的页面重新操作；如反复出现，请更新浏览器。
problem-method = 这个地址不支持这样打开
problem-method-do = 请不要直接访问提交地址，回到首页后从页面上操作。
problem-unsupported = 不支持这种文件或数据
problem-unsupported-do = 请使用页面上的表单提交，并按提示选择文件类型。
problem-busy = 系统正忙
problem-busy-do = 什么都没有保存，也没有丢失。请过几秒钟再试一次。
problem-cannot-save = 暂时不能保存
problem-cannot-save-do = 数据存储已满或处于只读状态，本次没有保存任何内容。请尽快联系系统管理员。
problem-internal = 系统出错了
problem-internal-do = 本次没有保存任何内容。请稍后再试；如仍不行，请联系系统管理员。

### formats

wait-seconds = { $count } 秒
wait-minutes = { $count } 分钟
class-name = { $grade }{ $number }班
grade-1 = 一年级
grade-2 = 二年级
grade-3 = 三年级
grade-4 = 四年级
grade-5 = 五年级
grade-6 = 六年级
grade-7 = 七年级
grade-8 = 八年级
grade-9 = 九年级
grade-10 = 高一
grade-11 = 高二
grade-12 = 高三
weekday-1 = 周一
weekday-2 = 周二
weekday-3 = 周三
weekday-4 = 周四
weekday-5 = 周五
weekday-6 = 周六
weekday-7 = 周日

### words

role-counsellor = 心理教师
role-homeroom_teacher = 班主任
role-subject_teacher = 科任教师
role-grade_head = 年级组长
role-moral_ed_director = 德育主任
role-helper = 结对帮扶教师
role-external_helper = 社会帮扶人员
role-case_leader = 包案领导
role-aid_officer = 资助专员
role-school_leader = 校领导
role-district_officer = 教育局工作人员
role-privacy_officer = 个人信息保护负责人
role-sys_admin = 系统管理员

relation-own_class = 本班班主任
relation-teaches = 任课教师
relation-paired = 结对帮扶
relation-case_leader = 包案
relation-author = 记录人
relation-granted = 专项授权
relation-own = 本人
relation-same_school = 本校
relation-none = 无关联

kind-roster = 名册
kind-contact = 联系与家庭
kind-circumstance = 困境情况
kind-support = 帮扶
kind-warning = 预警
kind-counselling = 辅导
kind-restricted = 特别限制
kind-statistics = 统计
kind-structure = 班级与学期
kind-staff = 教职工账号
kind-pairing = 结对
kind-audit = 审计记录
kind-views = 查阅记录
kind-keys = 密钥与科室成员
kind-account = 个人账号

action-read = 查看
action-write = 修改
action-append = 追加记录
action-report = 密封上报
action-import = 导入
action-manage = 管理
action-admit = 接纳成员

office-kind-counselling = 心理辅导室
office-kind-homeroom = 班主任办公室
office-kind-moral_ed = 德育处

group-tag-left_behind = 留守
group-tag-single_parent = 单亲
group-tag-orphan = 孤儿
group-tag-unattended = 事实无人抚养
group-tag-disabled = 残疾
group-tag-poor = 家庭经济困难
group-tag-emotional = 情绪
group-tag-behaviour = 行为

sex-male = 男
sex-female = 女

boarding-day = 走读
boarding-boarder = 住校

way-talk = 谈心
way-home_visit = 家访
way-phone = 电话
way-tutoring = 课业辅导
way-activity = 活动
way-material_help = 物资帮助
way-referral = 转介

effect-much_better = 明显好转
effect-better = 有所好转
effect-unchanged = 无明显变化
effect-worse = 反复或加重

file-status-enrolled = 在册
file-status-verifying = 核实中
file-status-not_taken = 不纳入
file-status-in_support = 帮扶中
file-status-review = 效果评估
file-status-closed = 结案
file-status-watch = 跟踪观察
file-status-sealed_away = 封存

language-zh-CN = 中文
language-en = English

### pages: sign-in and account

problem-no-key = 您的钥匙还没有准备好
problem-no-key-do = 权限已经分配，但还需要一位同事（心理教师）确认您的指纹，把办公室的钥匙交给您。请联系心理教师，在“办公室与钥匙”页面为您确认。
nav-classes = 班级与学生
nav-helping = 我帮扶的学生
nav-statistics = 统计
nav-pairings = 结对帮扶
nav-import = 导入名册
nav-offices = 办公室与钥匙
nav-staff = 教职工
nav-structure = 班级与学期
nav-audit = 审计
nav-account = 我的账户
sign-in-title = 登录
sign-in-what = 一册保存学生的关爱档案。每份档案只有被授权的老师能打开，每次打开都会留痕。
sign-in-locked = 已自动锁定：离开电脑一段时间后，页面会关闭。未写完的内容已保存为草稿，重新登录后可继续。
sign-in-login = 登录名
sign-in-password = 密码
sign-in-button = 登录
sign-in-wrong = 登录名或密码不对。
sign-in-invited = 我收到了邀请码，第一次使用
sign-in-forgotten = 忘记密码？请联系同事重新邀请。为保护学生，任何人都不能替您找回密码。
account-title = 我的账户
account-login = 登录名
account-fingerprint = 我的钥匙指纹
account-fingerprint-hint = 同事把办公室的钥匙交给您之前，会与您当面或电话核对这串字。
account-password = 修改密码
account-password-hint = 修改后，其他电脑上的登录会全部退出。
account-old = 现在的密码
account-new = 新密码
account-new-hint = 至少 10 个字，可以是一句话。
account-again = 再输入一次新密码
account-change = 修改密码
account-sessions = 在其他电脑上退出
account-sessions-hint = 如果忘记在别的电脑上退出，请点这里。所有电脑（包括这台）都会退出。
account-sign-out-everywhere = 退出所有电脑
done-saved = 已保存。
done-entry-saved = 记录已保存。
done-note-saved = 辅导记录已保存，只有您能打开。
done-password-changed = 密码已修改，其他电脑上的登录已退出。
done-signed-out-everywhere = 所有电脑上的登录都已退出。
done-status-changed = 档案阶段已更新。
done-decided = 已记录您的核实结果。
field-problem-required = 请填写这一项。
field-problem-too-long = 内容太长，请精简。
field-problem-date-in-the-future = 日期不能晚于今天。
field-problem-date-invalid = 日期不对，请写成 2026-09-01 这样。
field-problem-choose = 请选择一项。
field-problem-password-wrong = 现在的密码不对。
field-problem-password-differs = 两次输入的新密码不一样。
field-problem-too_short = 至少需要 10 个字。
field-problem-too_long = 最多 128 个字。
field-problem-common = 这个密码太常见，容易被猜到。
field-problem-same_as_login = 密码不能和登录名相近。
field-problem-status-does-not-follow = 档案现在的阶段不能直接变为这个阶段。
field-problem-ends-before-it-starts = 结束日期早于开始日期。
field-problem-field-of-another-form = 这一项不属于本表，未保存。

### pages: import

roster-problem-number-elsewhere = 学籍号与本校在册的另一名学生相同，而身份证件号不同。请核对两个号码。
roster-problem-foreign-class = 这一行不是您任班主任的班级。如需导入其他班级，请联系德育主任。
roster-problem-in-another-class = 这名学生目前在本校另一个班。转班请由德育主任导入。
roster-problem-class-closed = 这个班级已经毕业或停用，请核对年级和班级。
import-title = 导入名册
import-what = 上传学籍系统导出的 Excel 名册。先逐行检查，您确认之后才会导入。
import-privacy = 身份证件号只用来认出同一名学生，不会保存。表中的类别只作为“待核实”的线索，由老师核实后才算数。
import-latest = { $at }上传的名册：
import-open = 查看
import-state-checked = 已检查，等待您确认。
import-state-running = 正在导入。
import-state-done = 已导入。
import-state-failed = 没有导入成功，可以重新确认。
import-file = 名册文件（.xlsx）
import-file-hint = 最大 16 MB。列的顺序不限，多余的列不会读取。
import-no-file = 请选择一个名册文件。
import-check = 检查名册
import-check-title = 核对名册
import-nothing-yet = 目前还没有导入任何内容。请核对下面的结果，再点“确认导入”。
import-failed = 上一次导入没有完成，什么都没有导入。可能是期间名册有变动，或服务曾经中断。下面是重新核对的结果。
import-created = 将新增学生
import-changed = 将更新学生
import-unchanged = 没有变化
import-refused = 不能导入的行
import-created-done = 已新增学生
import-changed-done = 已更新学生
import-other-schools = 表中的学校名称与本校不同：{ $names }。请确认没有选错文件。
import-new-classes = 将新建班级：{ $names }
import-refused-title = 不能导入的行
import-refused-hint = 其他行不受影响。请在原表中改正后，重新上传整张表；已经导入的学生不会重复。
import-cautions-title = 可以导入，请核对
import-cautions-hint = 这些行会照常导入，只是有一处值得再看一眼。
import-line = 行号
import-column = 列
import-reason = 原因
import-name = 姓名
import-outcome = 结果
import-confirm = 确认导入
import-confirm-hint = 要么全部导入，要么什么都不改变。表中没有的学生不受影响。
import-another = 换一个文件
import-nothing-to-do = 没有需要导入的内容
import-nothing-to-do-advice = 表中可以导入的学生都已在册，而且没有变化。
import-classes = 按班级查看
import-class-counts = { $class }：新增 { $created }，更新 { $changed }，没有变化 { $unchanged }
import-class-unchanged = 这个班的学生没有变化。
import-what-create = 新增
import-what-change = 更新信息
import-what-renamed = 更正姓名
import-what-moved = 转入本班
import-what-renamed-moved = 更正姓名，转入本班
import-columns = 列的读取情况
import-ignored = 没有读取的列：{ $names }
import-absent = 表中没有的列（这些内容留空）：{ $names }
import-skipped = 跳过了 { $count } 行空行、合计或说明。
import-not-kept = 身份证件号、“是否独生子女”和“备注”不会保存。
import-running-title = 正在导入
import-progress = 已加密 { $done } 行，共 { $total } 行
import-running-hint = 页面会自动刷新。可以离开这个页面，导入不会中断。
import-done-title = 导入完成
import-done-next = 新班级的班主任需要由心理教师接纳，才能打开本班名册。
done-import-already = 这份名册已经确认过，不会重复导入。
