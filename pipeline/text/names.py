"""Find people's names by the words that go before or after them; nothing else about a name is certain.

A name is taken only after a cue (我叫, 联系人:, 业主 …), before a form of address (先生, 经理 …) or before a phone
number.
How sure the cue is decides how much is asked of the name: after 我叫 or 联系人: any family name will do, after 我是
or 业主 the name must not begin like an ordinary word, and something must end it. So 我是业主, 于2020年, 王府井 and
公安局长 are left alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import TableError
from pipeline.tables import DATA, read_toml

__all__ = ["CONTACT", "HIDDEN", "find_names"]

CONTACT = "\ufdd0"
"""Stands for each character of a phone or ID number that was found before."""
HIDDEN = "\ufdd1"
"""Stands for each character of anything else that was found before."""

Span = tuple[int, int]


def _words(text: str) -> tuple[str, ...]:
    """Return the words of a line of them."""
    return tuple(text.split())


_TABLE = DATA / "names.toml"
# Characters that no given name has.
_FUNCTION = (
    "的是在了不们我你他她它这那有和与及或因也都就还被把让对从到"
    "将要会请问说称很没个什么怎其该此且但而所以某等后再又已才只"
    "吗呢吧啊去来住打给叫找跟年月日号向由为做用上下里内外前姓两每各并贷"
)
_HAN = "[\u4e00-\u9fff]"
_GIVEN = f"(?![{_FUNCTION}]){_HAN}"
# What follows a name that ends: no Chinese character, or the beginning of the next particular.
_PARTICULAR = "今年|现年|家住|现住|住在|住址|来自|身份证|电话|手机|联系|微信|性别|年龄|地址|单位|回复|男|女|系|"
_END = f"(?=(?:{_PARTICULAR}[^\u4e00-\u9fff])|$)"
_SAID = "来电|反映|诉求|投诉|称|表示|咨询|求助|举报|建议|"
_END_OR_SAID = f"(?=(?:{_SAID}{_PARTICULAR}[^\u4e00-\u9fff])|$)"
_NOUN_ENDINGS = frozenset("人员户主民客者区县市镇乡村街路楼厂店司局所校院队班")
_PEOPLE = _words(
    "市民 居民 业主 村民 网友 群众 用户 乘客 患者 车主 户主 店主 房东 老板 包工头 工头 负责人 法人 法定代表人 "
    "司机 学生 "
    "家长 员工 工人 农民工 购房者 消费者 租户 房主 当事人 申请人"
)
_PARTIES = _words(
    "来电人 联系人 诉求人 反映人 投诉人 举报人 求助人 申请人 当事人 经办人 收件人 来信人 写信人 留言人 报修人 "
    "控告人 姓名 "
)
_SELF = _words("我叫 我名叫 名字叫 名叫 本名 我的名字是 我姓名")
_NUMBER_CUES = "电话|手机|手机号|联系电话|联系方式|身份证|身份证号"
_CIVIL = frozenset(
    _words("先生 女士 小姐 阿姨 大爷 大妈 大姐 大哥 大叔 大娘 大伯 叔叔 奶奶 爷爷 婆婆 同志 老太太 老先生 太太 夫人")
)
_WORK = _words(
    "经理 老师 师傅 主任 医生 大夫 护士 律师 老板 书记 会长 组长 店长 教练 警官 法官 工程师 教授 董事长 总监 "
    "队长 站长 所长 校长 院长 园长 市长 县长 区长 镇长 乡长 局长 科长 处长 村长 厅长 部长"
)
# What follows where the title is none: 经理解, 主任务, 区长堤路, 王师傅烧烤.
_NO_TITLE = (
    "(?<=长)[期时久沙春江安途年官堤城远虹宁海河大度]|(?<=理)[解论由想性赔会应]|(?<=任)[务何意职命]"
    "|[烧肠牛羊鱼面粉餐饭炒烤卤鸡鸭]|火锅|拉面|汽修|家常"
)
# Names of shops and goods that look like a person.
_BRANDS = frozenset(("康师傅",))


@dataclass(frozen=True)
class _Lexicon:
    """The table ``data/names.toml``, checked, and the expressions made of it."""

    surnames: frozenset[str]
    doubtful: frozenset[str]
    grammatical: frozenset[str]
    after: Mapping[str, str]
    before: Mapping[str, str]
    sure: re.Pattern[str]
    """A cue that leaves no doubt, and the name."""
    likely: re.Pattern[str]
    """A cue that an ordinary word may follow, and the name."""
    described: re.Pattern[str]
    """A name alone and a particular after it: a number, a sex."""
    titled: re.Pattern[str]

    def is_name(self, name: str) -> bool:
        """Whether ``name`` neither begins as an ordinary word does nor ends as the name of a place or a role does."""
        return (
            name[1] not in self.after.get(name[0], "")
            and name not in _NO_NAMES
            and name[1:] not in _NO_GIVEN
            and (len(name) <= 2 or name[-1] not in _NOUN_ENDINGS)
        )


def _table() -> dict[str, Any]:
    """Read the table.

    Raises
    ------
    TableError
        If a key is missing, unknown or of another type.
    """
    table = read_toml(_TABLE)
    kinds = {
        "surnames": str,
        "compounds": list,
        "openings": list,
        "doubtful": str,
        "grammatical": str,
        "after": dict,
        "before": dict,
    }
    for key in table.keys() ^ kinds.keys():
        raise TableError(f"键“{key}”多余或缺少", where=_TABLE, expected="、".join(kinds))
    for key, kind in kinds.items():
        if not isinstance(table[key], kind):
            raise TableError(f"键“{key}”的类型不对", where=_TABLE, expected=kind.__name__)
    return table


@functools.cache
def _lexicon() -> _Lexicon:
    """Return the lexicon, loaded once."""
    table = _table()
    full = (
        rf"(?:(?:{'|'.join(map(re.escape, table['compounds']))}|[{table['surnames']}])(?:{_GIVEN}){{1,2}}?"
        rf"|(?:{'|'.join(map(re.escape, table['openings']))}){_HAN}{{0,2}}?"
        rf"|{_HAN}{{1,6}}[·•]{_HAN}{{1,6}})"
    )
    # Alternatives that begin with plain characters: the engine then skips to the next of these in one step.
    certain = [*_SELF, *(f"{word}(?:姓名)?[为是叫]?[: ]{{1,2}}" for word in _PARTIES)]
    certain += [f"{word}(?::|名叫|叫|姓名)[: ]?" for word in _PEOPLE]
    sure = rf"(?:{'|'.join(certain)})(?P<name>{full}){_END_OR_SAID}"
    likely = rf"(?:{'|'.join(('我是', '本人', *_PEOPLE, *_PARTIES))})(?P<name>{full})(?![0-9]){_END_OR_SAID}"
    described = rf"(?<!{_HAN})(?P<name>{full})(?=[,:( ]{{0,2}}(?:{_NUMBER_CUES})?[: ]{{0,2}}{CONTACT}|[,(] ?[男女][,)])"
    titled = rf"(?:{'|'.join((*_CIVIL, *_WORK))})(?!{_NO_TITLE})"
    return _Lexicon(
        surnames=frozenset(table["surnames"]),
        doubtful=frozenset(table["doubtful"]),
        grammatical=frozenset(table["grammatical"]),
        after=table["after"],
        before=table["before"],
        sure=re.compile(sure),
        likely=re.compile(likely),
        described=re.compile(described),
        titled=re.compile(titled),
    )


_ROLE_BEFORE = re.compile(rf"(?:{'|'.join((*_PEOPLE, *_PARTIES))})\Z")
_ALONE_BEFORE = re.compile(rf"{_ROLE_BEFORE.pattern}|[是叫找和与跟给由的为及被位]\Z|[^\u4e00-\u9fff]\Z|\A\Z")
_SEX = re.compile("[,(] ?[男女][,)]")
_LONGEST_CUE = 6
# What stands where a name may stand even after a sure cue: whole words, and what follows a surname that is none.
_NO_NAMES = frozenset(
    _words(
        "房东 房主 单位 高中 马上 何人 于是 常年 全家 全体 安装 管理 管道 车主 时候 任何 方便 师傅 师兄 官方 商家 "
        "商户 商场 "
        "门卫 路人 路过 向导 包工 石头 金额 白天 黄牛 马路 水电 海口 路政 房管 城管 车行 连忙 连夜 应该 应当 成功 "
        "项目 项目部 "
        "单元 农户 农民 党员 党费"
    )
)
# What one calls rather than is called, where one character follows: 我叫车走, 我叫管家.
_CALLED = frozenset("车房管楼水路向全")
_NO_GIVEN = frozenset(("表示", "反映", "来电", "认为", "电话", "手机", "电工", *_CIVIL, *_WORK))


def _surely(lexicon: _Lexicon, text: str) -> Iterator[Span]:
    """Yield the names after cues that leave no doubt."""
    for match in lexicon.sure.finditer(text):
        name = match["name"]
        if name not in _NO_NAMES and name[1:] not in _NO_GIVEN and not (len(name) == 2 and name[0] in _CALLED):
            yield match.span("name")


def _likely(lexicon: _Lexicon, text: str) -> Iterator[Span]:
    """Yield the names at weaker cues that do not look like ordinary words."""
    for match in lexicon.likely.finditer(text):
        if match["name"][0] not in lexicon.grammatical and lexicon.is_name(match["name"]):
            yield match.span("name")


def _described(lexicon: _Lexicon, text: str) -> Iterator[Span]:
    """Yield the names that stand alone before a number or a sex."""
    if CONTACT in text or _SEX.search(text):
        for match in lexicon.described.finditer(text):
            if lexicon.is_name(match["name"]):
                yield match.span("name")


def _before_title(lexicon: _Lexicon, text: str) -> Iterator[Span]:
    """Yield the names before forms of address, the form itself left out: 王经理, 市民王建国先生."""
    for match in lexicon.titled.finditer(text):
        end = match.start()
        length = _length_before(lexicon, text, end, civil=match.group() in _CIVIL)
        if length and text[end - length : match.end()] not in _BRANDS:
            yield end - length, end


def _length_before(lexicon: _Lexicon, text: str, end: int, *, civil: bool) -> int:
    """Return how many characters before ``end`` are a name: three, two, one or none."""
    for length in (3, 2):
        name = text[max(0, end - length) : end]
        left = text[max(0, end - length - _LONGEST_CUE) : max(0, end - length)]
        if (
            _is_full(lexicon, name, length)
            and _ALONE_BEFORE.search(left)
            and (civil or name[0] not in lexicon.doubtful)
        ):
            return length
    name, left = text[end - 1 : end], text[max(0, end - 1 - _LONGEST_CUE) : max(0, end - 1)]
    if not name or name not in lexicon.surnames or (not civil and name in lexicon.doubtful):
        return 0
    ordinary = left[-1:] and left[-1] in lexicon.before.get(name, "")
    return 0 if ordinary and not (civil and _ROLE_BEFORE.search(left)) else 1


def _is_full(lexicon: _Lexicon, name: str, length: int) -> bool:
    """Whether ``name`` is a family name and a given one, and no ordinary word."""
    return (
        len(name) == length
        and name[0] in lexicon.surnames
        and all("\u4e00" <= character <= "\u9fff" and character not in _FUNCTION for character in name[1:])
        and lexicon.is_name(name)
    )


def find_names(text: str) -> Iterator[Span]:
    """Yield where names stand, in no order; spans may overlap.

    Parameters
    ----------
    text : str
        A text in narrow forms, with what was found before replaced by :data:`CONTACT` and :data:`HIDDEN`.
    """
    lexicon = _lexicon()
    yield from _surely(lexicon, text)
    yield from _likely(lexicon, text)
    yield from _described(lexicon, text)
    yield from _before_title(lexicon, text)
