/* Texts of the confirmation, English and Japanese. See ask_view.h. */
#include <string.h>

#include "agent/ui/ask_view.h"

static const struct {
	const char *english, *japanese;
} ask_words[ASK_W_COUNT] = {
    [ASK_W_TITLE] = {"Run this?", "実行しますか?"},
    [ASK_W_GATE_TITLE] = {"Text from outside may have asked for this. Carry it out?",
			  "外部のテキストによる指示かもしれません。実行しますか?"},
    [ASK_W_WOULD_RUN] = {"this would run", "実行される内容"},
    [ASK_W_LINE] = {"line", "行"},
    [ASK_W_LINES] = {"lines", "行"},
    [ASK_W_STEP] = {"step", "手順"},
    [ASK_W_NO_NEWLINE] = {"no newline at the end", "末尾に改行なし"},
    [ASK_W_EMPTY] = {"empty", "空"},
    [ASK_W_YES] = {"yes", "実行"},
    [ASK_W_CARRY] = {"carry out", "実行"},
    [ASK_W_NO] = {"no (Enter)", "しない (Enter)"},
    [ASK_W_IGNORE] = {"ignore these instructions (Enter)", "この指示を無視 (Enter)"},
    [ASK_W_REASON] = {"no, and say why", "理由を伝えて断る"},
    [ASK_W_EDIT] = {"edit", "編集"},
    [ASK_W_ALWAYS] = {"always this session", "このセッションでは常に実行"},
    [ASK_W_STOP] = {"stop the task", "タスクを中止"},
    [ASK_W_VIEW] = {"view bytes", "16進表示"},
    [ASK_W_NEXT] = {"space: next page", "space: 次のページ"},
    [ASK_W_BACK] = {"space: back", "space: 戻る"},
    [ASK_W_ROWS] = {"rows", "行"},
    [ASK_W_TYPE_YES] = {"hidden or deceiving characters: type yes and Enter to run",
			"隠し文字・紛らわしい文字あり: 実行するには yes と入力して Enter"},
    [ASK_W_TYPE_SHORT] = {"type yes", "yes と入力"},
    [ASK_W_WHY] = {"Why not? (one line for the model, Enter: none)",
		   "断る理由 (モデルに伝える1行、Enter だけなら無し)"},
    [ASK_W_BURST] = {"several keys at once are not an answer",
		     "一度に複数のキーが届いたため無視しました"},
    [ASK_W_INPUT_METHOD] = {"that was no ASCII letter: switch the input method off",
			    "日本語入力をオフにしてください"},
    [ASK_W_UNKNOWN] = {"press one of the keys shown", "表示されたキーを押してください"},
    [ASK_W_SAID_YES] = {"yes", "実行します"},
    [ASK_W_SAID_NO] = {"no", "実行しません"},
    [ASK_W_SAID_IGNORE] = {"not run: that text is taken out, the model goes on without it",
			   "実行しません。そのテキストを除いて続けます"},
    [ASK_W_SAID_STOP] = {"stopped", "中止しました"},
    [ASK_W_SAID_ALWAYS] = {"yes, always in this session",
			   "このセッションでは常に実行します"},
    [ASK_W_UNCHANGED] = {"the editor changed nothing", "変更はありませんでした"},
};

const char *
ask_word(enum ask_word w, bool japanese)
{
	return japanese ? ask_words[w].japanese : ask_words[w].english;
}

bool
ask_japanese(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strncmp(v, "ja", 2) == 0;
	}
	return false;
}
