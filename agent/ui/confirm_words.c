/* The gate's words in Japanese. See confirm_words.h.
 *
 * A row is known by how it begins; what follows there stands between the two Japanese parts.
 * Pinned by tests/unit/test_gate_show.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/aside.h"
#include "agent/ui/confirm_words.h"

static const struct {
	const char *english, *before, *behind;
} words[] = {
    {"step ", "手順 ", ""},
    {"the output of step ", "手順 ", " の出力"},
    {"standard input", "標準入力", ""},
    {ASIDE_SOURCE, "ご自身で実行したもの", ""},
    {"the name of this folder", "このフォルダーの名前", ""},
    {"the model's own words", "モデル自身の言葉", ""},
    {"an instruction that you refused", "以前に断った指示", ""},
    {"a session file that was changed", "書き換えられたセッションファイル", ""},
    {"input", "入力", ""},
    {"a block or call, word for word", "同じ文面のコードまたは呼び出し", ""},
    {"e-mail address ", "メールアドレス ", ""},
    {"account number ", "口座番号 ", ""},
    {"command line ", "コマンド行 ", ""},
    {"order from the output ", "出力にある指示 ", ""},
    {"lines run from the file ", "実行されるファイル ", ""},
    {"IP address ", "IP アドレス ", ""},
    {"host ", "ホスト ", ""},
    {"path outside the workspace ", "作業フォルダー外のパス ", ""},
    {"action too large to check ", "大きすぎて確認できない操作 ", ""},
};

char *
confirm_japanese(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].english);

		if (strncmp(text, words[i].english, n) == 0)
			return mem_printf("%s%s%s", words[i].before, text + n,
					  words[i].behind);
	}
	return mem_strdup(text);
}
