import pytest

from hubbub.conversation.quoting import Quote, choose
from hubbub.core.documents import Hit

Sections = list[tuple[str, str]]
"""Headings, and what stands below each."""

ZH_EDITIONS: Sections = [
    ("产品价格 › 标准版", "标准版每年3000元,最多20名用户。标准版提供邮件支持。"),
    ("产品价格 › 专业版", "专业版每年9000元,最多100名用户。专业版支持单点登录。"),
]
ZH_MEMBERS: Sections = [("会员制度", "普通会员可享受九五折优惠。黄金会员可享受八五折优惠,并且免运费。")]
ZH_FILTERS: Sections = [
    ("净水器A型说明书", "A型净水器的滤芯每6个月更换一次。"),
    ("净水器B型说明书", "B型净水器的滤芯每12个月更换一次。水箱容量为5升。"),
]
ZH_PHONES: Sections = [
    ("云海手机", "云海手机的电池容量为4500毫安时。"),
    ("云海手机Pro", "云海手机Pro的电池容量为5200毫安时。云海手机Pro支持无线充电。"),
]
ZH_CITIES: Sections = [("", "上海的人口约为2487万。北京的人口约为2184万。")]
ZH_OFFICE: Sections = [
    ("打印", "二楼的打印机支持彩色打印。三楼的打印机只能黑白打印。"),
    ("", "员工应提供发票原件报销差旅费。"),
]
JA_PLANS: Sections = [
    ("料金 › スタンダードプラン", "スタンダードプランの月額料金は1,000円です。"),
    ("料金 › プレミアムプラン", "プレミアムプランの月額料金は3,000円です。電話サポートが付きます。"),
]
JA_STAFF: Sections = [
    ("", "正社員の有給休暇は年20日です。契約社員の有給休暇は年12日です。正社員には退職金が支給されます。")
]
JA_LETTERS: Sections = [("", "プランAの月額は980円です。プランBの月額は1,980円です。プランBには通話定額が含まれます。")]
JA_CLEANERS: Sections = [
    ("掃除機X100", "掃除機X100の重さは2.1kgです。"),
    ("掃除機X200", "掃除機X200の重さは1.8kgです。掃除機X200は水拭きに対応します。"),
]
JA_LONGER: Sections = [
    ("カモメ", "カモメのバッテリーは10時間持ちます。"),
    ("カモメプラス", "カモメプラスのバッテリーは15時間持ちます。カモメプラスは防水です。"),
]
KO_PLANS: Sections = [
    ("요금 › 스탠다드 플랜", "스탠다드 플랜의 월 요금은 1만원입니다."),
    ("요금 › 프리미엄 플랜", "프리미엄 플랜의 월 요금은 3만원입니다. 전화 지원이 제공됩니다."),
]
KO_STAFF: Sections = [
    ("", "정규직의 연차 휴가는 15일입니다. 계약직의 연차 휴가는 11일입니다. 정규직에게는 퇴직금이 지급됩니다.")
]
KO_LONGER: Sections = [
    ("갈매기", "갈매기의 배터리는 10시간 지속됩니다."),
    ("갈매기 플러스", "갈매기 플러스의 배터리는 15시간 지속됩니다. 갈매기 플러스는 방수입니다."),
]


def first(question: str, sections: Sections, order: int) -> Quote | None:
    """Return what is quoted first where the sections were found in this order, or the other way round."""
    hits = [
        Hit(f"p{number}", f"d{number}", "c1", f"file{number}.md", "", text, None, heading, 1.0)
        for number, (heading, text) in enumerate(sections[::order])
    ]
    return next(iter(choose(question, hits)), None)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("question", "sections"),
    [
        # There is no such variant.
        ("企业版每年多少钱?", ZH_EDITIONS),
        ("旗舰版最多多少名用户?", ZH_EDITIONS),
        ("C型净水器的滤芯多久更换一次?", ZH_FILTERS),
        ("云海手机Max的电池容量是多少?", ZH_PHONES),
        ("天津的人口是多少?", ZH_CITIES),
        ("エンタープライズプランの月額料金はいくらですか?", JA_PLANS),
        ("派遣社員の有給休暇は何日ですか?", JA_STAFF),
        ("プランCの月額はいくらですか?", JA_LETTERS),
        ("掃除機X300の重さは?", JA_CLEANERS),
        ("カモメミニのバッテリーは何時間持ちますか?", JA_LONGER),
        ("엔터프라이즈 플랜의 월 요금은 얼마입니까?", KO_PLANS),
        ("파견직의 연차 휴가는 며칠입니까?", KO_STAFF),
        ("갈매기 미니의 배터리는 몇 시간 지속됩니까?", KO_LONGER),
        # Only of another one is it told.
        ("标准版支持单点登录吗?", ZH_EDITIONS),
        ("普通会员免运费吗?", ZH_MEMBERS),
        ("A型净水器的水箱容量是多少?", ZH_FILTERS),
        ("云海手机支持无线充电吗?", ZH_PHONES),
        ("スタンダードプランに電話サポートは付きますか?", JA_PLANS),
        ("契約社員に退職金は支給されますか?", JA_STAFF),
        ("プランAに通話定額は含まれますか?", JA_LETTERS),
        ("掃除機X100は水拭きに対応しますか?", JA_CLEANERS),
        ("カモメは防水ですか?", JA_LONGER),
        ("계약직에게 퇴직금이 지급됩니까?", KO_STAFF),
        ("갈매기는 방수입니까?", KO_LONGER),
    ],
)
def test_what_is_said_of_another_variant_alone_is_no_sure_answer(question: str, sections: Sections, order: int) -> None:
    quote = first(question, sections, order)
    assert quote is None or not quote.is_sure


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("question", "sections", "said"),
    [
        ("标准版每年多少钱?", ZH_EDITIONS, "3000元"),
        ("专业版支持单点登录吗?", ZH_EDITIONS, "单点登录"),
        ("黄金会员免运费吗?", ZH_MEMBERS, "免运费"),
        ("A型净水器的滤芯多久更换一次?", ZH_FILTERS, "6个月"),
        ("B型净水器的水箱容量是多少?", ZH_FILTERS, "5升"),
        ("云海手机的电池容量是多少?", ZH_PHONES, "4500"),
        ("云海手机Pro的电池容量是多少?", ZH_PHONES, "5200"),
        ("北京的人口是多少?", ZH_CITIES, "2184"),
        # The same words in another order, or around what is no kind of things.
        ("哪里的打印机支持彩色打印?", ZH_OFFICE, "二楼"),
        ("三楼的打印机能彩色打印吗?", ZH_OFFICE, "黑白"),
        ("报销差旅费需要提供什么?", ZH_OFFICE, "发票原件"),
        ("プレミアムプランに電話サポートは付きますか?", JA_PLANS, "電話サポート"),
        ("契約社員の有給休暇は何日ですか?", JA_STAFF, "12日"),
        ("プランAの月額はいくらですか?", JA_LETTERS, "980円"),
        ("掃除機X100の重さは?", JA_CLEANERS, "2.1kg"),
        ("カモメプラスのバッテリーは何時間持ちますか?", JA_LONGER, "15時間"),
        ("스탠다드 플랜의 월 요금은 얼마입니까?", KO_PLANS, "1만원"),
        ("프리미엄 플랜은 전화 지원이 제공됩니까?", KO_PLANS, "전화 지원"),
        ("계약직의 연차 휴가는 며칠입니까?", KO_STAFF, "11일"),
        ("갈매기의 배터리는 몇 시간 지속됩니까?", KO_LONGER, "10시간"),
        ("갈매기 플러스의 배터리는 몇 시간 지속됩니까?", KO_LONGER, "15시간"),
    ],
)
def test_what_is_said_of_the_asked_variant_stays_sure(question: str, sections: Sections, said: str, order: int) -> None:
    quote = first(question, sections, order)
    assert quote is not None
    assert said in quote.text
    assert quote.is_sure
