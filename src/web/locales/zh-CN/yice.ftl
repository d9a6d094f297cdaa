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
