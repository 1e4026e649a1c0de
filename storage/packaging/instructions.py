"""VERIFY.md: how a package is checked with bash, sha256sum and openssl alone, in commands for this very package.

It promises no more than the commands show.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.clock import in_shanghai
from storage.sealing.proofs import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the commands name: one record, at `offset` in the package's data, and the files of the chain.

    `chain` and `authorities` are names in the package; `is_stamped` says that the package itself has a token,
    `left_out` are ids of records that are not in it although they belong to it.
    """

    offset: int
    proof: Proof
    chain: Sequence[str]
    authorities: Sequence[str]
    is_stamped: bool
    is_specimen: bool
    created: datetime
    left_out: Sequence[str] = ()


def instructions(name: str, sample: Sample) -> str:
    """The text, Markdown; each block of commands ends with status 0 exactly where the package is whole."""
    steps = [
        _unpack(name),
        _files(sample),
        _record(sample),
        _PATHS,
        _CHAIN,
        *_stamps(sample),
    ]
    numbered = (f"## {number}. {step}" for number, step in enumerate(steps, 1))
    return "\n".join((_head(sample), *numbered, _LIMITS))


def _head(sample: Sample) -> str:
    specimen = (
        "\n**样本：其中的页面是本机样本网上虚构的，不是真实平台的页面，不得作为证据使用。"
        "Specimen: the pages are invented; this is no evidence.**\n"
        if sample.is_specimen
        else ""
    )
    return f"""# 如何核验本证据包 · How to check this package
{specimen}
制作时间（北京时间）：{in_shanghai(sample.created)}。
{_left_out(sample)}
本包是 WACZ 1.1.1 格式的压缩包，可用任何支持该格式的网页重放软件打开。核验只需要 bash、unzip、sha256sum 和 openssl，
不需要制作本包的软件，也不需要上网。请在同一个终端窗口中逐段执行下列命令；每一段都给出应当看到的结果，
看到别的结果就说明本包已被改动。

This is a WACZ 1.1.1 package. Checking it needs bash, unzip, sha256sum and openssl, not the software that made it, and
no network. Run the blocks one after another in the same terminal; each says what must be seen.
"""


def _left_out(sample: Sample) -> str:
    if not sample.left_out:
        return ""
    names = "、".join(sample.left_out)
    return f"""
**未随包提供的请求记录 · Request records left out:** {names}。
其中写有本单位人员的姓名；记录不能改动而不失去证明，因此整条不提供。应答记录不受影响。
They name a person of this office, and a record cannot be edited without losing its proof. The answers are all here.
"""


def _unpack(name: str) -> str:
    quoted = shlex.quote(name if not name.startswith("-") else f"./{name}")
    return f"""解开 · Unpack

```sh
unzip -q {quoted} -d unpacked && cd unpacked
```

没有任何输出。 No output.
"""


def _files(sample: Sample) -> str:
    token = " ! -path ./lantian/package-token" if sample.is_stamped else ""
    return _FILES.replace("TOKEN", token)


_FILES = """各文件与清单相符 · Every file is as listed

datapackage.json 列出每个文件的 SHA-256，除此之外不应有别的文件；datapackage-digest.json 是它的 SHA-256。
datapackage.json lists every file, and there is no other.

```sh
grep -o '"hash":"sha256:[0-9a-f]*","name":"[^"]*","path":"[^"]*"' datapackage.json |
  sed 's/^"hash":"sha256:\\([0-9a-f]*\\)".*"path":"\\([^"]*\\)"$/\\1  \\2/' |
  sha256sum --check --quiet --strict &&
diff <(grep -o '"path":"[^"]*"' datapackage.json | cut -d '"' -f 4 | LC_ALL=C sort) \\
  <(find . ! -type d ! -path ./datapackage.json ! -path ./datapackage-digest.jsonTOKEN |
    sed 's|^[.]/||' | LC_ALL=C sort) &&
echo "files: OK"
```

应显示 Must show: `files: OK`

```sh
grep -q "\\"hash\\":\\"sha256:$(sha256sum datapackage.json | cut -c1-64)\\"" datapackage-digest.json && echo "list: OK"
```

应显示 Must show: `list: OK`
"""


def _record(sample: Sample) -> str:
    proof = sample.proof
    cut = f"tail -c +{sample.offset + 1} archive/data.warc.gz | head -c {proof.length}"
    return f"""取出一条记录 · One record

记录 {proof.id}（{proof.type}）在 archive/data.warc.gz 中从第 {sample.offset} 字节起，长 {proof.length} 字节。
它的 SHA-256 应与封存清单中登记的相同。 Its SHA-256 must be the one in its leaf of the manifest.

```sh
{cut} | sha256sum | grep '^{proof.sha256} '
```

应显示 Must show: `{proof.sha256}  -`

看记录本身 To read it: `{cut} | zcat | less`
"""


_PATHS = """每条记录都在封存清单之内 · Every record is under the root of a manifest

lantian/proofs.jsonl 每行说明一条记录：它在封存清单中的登记行（leaf）、序号和到根（root）的路径
（RFC 6962，SHA-256）。下面逐条取出记录，核对摘要，再沿路径算到根，与 chain/ 中的封存清单比对；
各条记录首尾相接，archive/data.warc.gz 中没有多余的字节。 One follows the other, and no byte is without a proof.

```sh
raw() {
  local hex=$1 bytes=
  while [ -n "$hex" ]; do bytes+="\\\\x${hex:0:2}" hex=${hex:2}; done
  printf "$bytes"
}
form='"index":([0-9]+),"leaf":"(.*)","length":([0-9]+),"manifest":([0-9]+),"offset":([0-9]+),"path":\\[([^]]*)],"size":([0-9]+)}$'
bad=0 count=0 at=0
while IFS= read -r line; do
  [[ $line =~ $form ]] || { bad=1; break; }
  index=${BASH_REMATCH[1]} leaf=${BASH_REMATCH[2]//\\\\\\"/\\"} length=${BASH_REMATCH[3]} offset=${BASH_REMATCH[5]}
  manifest=$(printf 'chain/%06d.json' "${BASH_REMATCH[4]}")
  siblings=${BASH_REMATCH[6]//[\\",]/ } last=$((BASH_REMATCH[7] - 1))
  ((offset == at)) || bad=1
  at=$((at + length))
  read -r kept _ < <(tail -c +$((offset + 1)) archive/data.warc.gz | head -c "$length" | sha256sum)
  [[ $leaf == *"\\"sha256\\":\\"$kept\\""* ]] || bad=1
  read -r hash _ < <({ printf '\\000'; printf '%s' "$leaf"; } | sha256sum)
  for sibling in $siblings; do
    if ((index % 2 == 1 || index == last)); then
      read -r hash _ < <({ printf '\\001'; raw "$sibling"; raw "$hash"; } | sha256sum)
      while ((index % 2 == 0 && index > 0)); do ((index /= 2, last /= 2, 1)); done
    else
      read -r hash _ < <({ printf '\\001'; raw "$hash"; raw "$sibling"; } | sha256sum)
    fi
    ((index /= 2, last /= 2, 1))
  done
  grep -q "\\"root\\":\\"$hash\\"" "$manifest" && ((last == 0)) || bad=1
  count=$((count + 1))
done <lantian/proofs.jsonl
((at == $(wc -c <archive/data.warc.gz))) || bad=1
((bad == 0 && count > 0)) && echo "$count records: OK"
```

应显示记录条数和 OK。 Must show the number of records and OK.
"""

_CHAIN = """封存清单前后相接 · The manifests are one chain

每份清单写有前一份的 SHA-256（previous）。 Each manifest holds the SHA-256 of the one before it.

```sh
bad=0 before=
for head in chain/*.json; do
  if [ -n "$before" ]; then grep -q "\\"previous\\":\\"$before\\"" "$head" || bad=1; fi
  before=$(sha256sum "$head" | cut -c1-64)
done
((bad == 0)) && echo "chain: OK, head $before"
```

应显示 Must show: `chain: OK, head …`；链头应与证据清单上印的一致。
"""


def _stamps(sample: Sample) -> list[str]:
    tokens = [name for name in sample.chain if name.endswith(".tsr")]
    if not tokens and not sample.is_stamped:
        return [_NO_STAMPS]
    trusted = sample.authorities[0] if len(sample.authorities) == 1 else "authorities.all"
    joined = [] if len(sample.authorities) == 1 else ["cat authorities/*.pem >authorities.all"]
    own = f"chain/{sample.proof.manifest:06d}"
    checked = [("datapackage-digest.json", "lantian/package-token")] if sample.is_stamped else []
    checked += [(f"{own}.json", f"{own}.tsr")] if f"{own}.tsr" in tokens else []
    commands = [*joined, *(f"openssl ts -verify -data {over} -in {token} -CAfile {trusted} 2>/dev/null"
                           for over, token in checked)]  # fmt: skip
    heads = [name for name in sample.chain if name.endswith(".json")]
    without = [name for name in heads if name.removesuffix(".json") + ".tsr" not in tokens]
    told = _without(without, is_stamped=sample.is_stamped)
    return [_STAMPS.format(commands=" &&\n".join(commands or ["true"]), trusted=trusted, told=told,
                           without=f" {' '.join(without)} ")]  # fmt: skip


def _without(heads: Sequence[str], *, is_stamped: bool) -> str:
    """What has no time stamp, by name."""
    listed = "、".join(heads) if heads else "无 none"
    package = "" if is_stamped else f"\n{_PACKAGE_WITHOUT}\n"
    return f"没有时间戳的清单 Manifests without a time stamp: {listed}。\n{package}"


_PACKAGE_WITHOUT = "本包自身没有时间戳，文书因而也没有。 The package itself has no time stamp, nor have its papers."


_NO_STAMPS = """时间戳 · Time stamps

本包的封存清单没有可信时间戳：以上核验说明内容前后一致，但不能单凭本包证明制作时间。
There is no time stamp: what was checked is consistent, but this package alone does not prove when it was made.
"""

_STAMPS = """时间戳 · Time stamps

时间戳由第三方机构签发（RFC 3161），证明封存清单在那个时间已经存在。authorities/ 中的证书只是副本：
请向签发机构另行核对。 The certificates in authorities/ are copies: compare them with those the authority publishes.

```sh
{commands}
```

每条命令应显示 Each must show: `Verification: OK`

{told}
```sh
bad=0
for head in chain/*.json; do
  [[ "{without}" == *" $head "* ]] && continue
  openssl ts -verify -data "$head" -in "${{head%.json}}.tsr" -CAfile {trusted} >/dev/null 2>&1 || bad=1
done
((bad == 0)) && echo "time stamps: OK"
```

应显示 Must show: `time stamps: OK`。签发时间 The time: `openssl ts -reply -in chain/….tsr -text`。
若机构的证书此后已经到期，给命令加上 `-attime` 和签发时的秒数。 Where a certificate has run out since, add `-attime`.
"""

_LIMITS = """## 这说明什么，不说明什么 · What this shows, and what it does not

以上核验说明：包内每条记录的字节与封存时登记的完全相同，各封存清单前后相接；有时间戳的，还说明它们在那个时间之前已经存在。
没有时间戳的封存，持有磁盘的人可以整条重做。核验不说明网页上的内容是否属实，也不说明是否违法。

It shows that the bytes are those that were sealed, and, where there is a time stamp, that they existed by then. Whoever
holds the disk can make a chain without stamps anew. It does not show that what the pages say is true, or unlawful.
"""
