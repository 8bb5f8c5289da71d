/* The detector's English words: what a demand, an address or a disguise is made of.
 *
 * A row gives its words one meaning or more; a word in several rows has all of theirs. Chosen
 * from what such a sentence must hold to work (somebody addressed, something set aside, an
 * action, an object, a place to send it), not from samples. See scan_vocab.c for the syntax.
 * Pinned by tests/unit/test_scan.c. */
#include "agent/gate/scan_int.h"

const struct scan_row scan_words_en[] = {
    /* setting aside */
    {C(OVERRIDE),
     "ignore ignores ignored ignoring disregard disregards disregarding disregarded "
     "forget forgets forgetting override overrides overriding bypass bypassing "
     "neglect discard discarding overlook dismiss abandon supersede supersedes "
     "superseded superseding overrule overridden unlearn nullify cancel "
     "invalidate disobey circumvent violate replaces"},
    {C(PRIOR),
     "previous previously prior above earlier preceding foregoing former original "
     "originally initial existing past before aforementioned rest remaining last other "
     "any hitherto current given"},
    {C(EVERY) | C(PRIOR), "all every everything entire whole"},
    {C(EVERY), "contents content each complete full"},
    {C(INSTR),
     "instruction instructions instructed instruct direction directions directive "
     "directives guideline guidelines guardrail guardrails prompts programming orders "
     "guidance"},
    {C(INSTR) | C(PROMPT), "prompt"},
    {C(RULES), "rule rules constraint constraints restriction restrictions policy policies "
	       "context task tasks command commands safeguards safety filters training "
	       "conversation text data messages goal goals objective request limitations "
	       "told said content stuff words function document sentence"},
    /* who is spoken to, who must not know */
    {C(MODEL) | C(ONE) | C(ROLE), "assistant ai"},
    {C(MODEL) | C(ONE), "llm chatbot chatgpt gpt claude copilot gemini agent model bot"},
    {C(MODEL), "assistants ais llms chatbots agents"},
    {C(MODEL), "bots models openai anthropic llama mistral qwen deepseek "
	       "grok codex sunaba aider agentic robot summarizer summariser"},
    {C(VAGUE), "agent agents model models bot bots robot llama mistral openai anthropic"},
    {C(YOU), "you your yourself yours u ya"},
    {C(USER) | C(ROLE), "user human"},
    {C(USER), "users humans customer owner operator person client victim"},
    {C(NEG), "not dont don't never without no avoid refrain stop cannot can't nor unless "
	     "won't mustn't shouldn't doesn't isn't isnt neither nobody"},
    {C(TELL),
     "tell tells telling mention mentions mentioning inform informs informing notify "
     "notifies notifying reveal reveals revealing disclose alert alerting warn warning "
     "acknowledge explain showing show ask asking asks report reporting confirm "
     "confirming discuss admit telling say saying refer"},
    {C(SILENT), "silently secretly quietly covertly discreetly stealthily surreptitiously "
		"unnoticed undetected"},
    {C(HIDE), "hide hidden conceal secret confidential invisible unaware"},
    {C(RESPONSE),
     "confirmation confirmations permission permissions approval consent warnings "
     "authorization authorisation verification question questions prompting "
     "notification"},
    /* what is to be done */
    {C(RUN),
     "run execute executes executing eval evaluate launch invoke install perform call "
     "trigger start restart carry apply use utilize incorporate insert paste type enter "
     "meld complete do make"},
    {C(SEND),
     "send sends sending email emails e-mail mail forward forwards forwarding post posts "
     "posting upload uploads uploading transmit exfiltrate share shares leak submit "
     "publish relay deliver notify dm message push attach append export copy sync "
     "encode concatenate reply"},
    {C(GET),
     "fetch download downloads open visit navigate browse click retrieve get "
     "grab find search look access read load follow list collect gather provide give "
     "tell show extract dump obtain locate scan check query view display lookup log "
     "connect go cat translate explain describe repeat reveal summarize track fetches "
     "monitor record generate"},
    {C(DESTROY),
     "delete deletes deleting remove removes erase wipe destroy drop overwrite "
     "disable deactivate uninstall kill shutdown revoke terminate purge truncate "
     "cancel clear format encrypt unsubscribe"},
    {C(PAY),
     "transfer pay wire deposit buy sell purchase withdraw donate order invest trade "
     "refund reimburse send"},
    {C(CHANGE),
     "update modify change changes set add create schedule book reserve grant approve "
     "enable unlock move invite leave join adjust alter edit rename make register "
     "subscribe whitelist allow authorize turn switch guide control initiate activate "
     "replace write sign arrange assign increase decrease upgrade downgrade reset "
     "reply accept decline like dispatch prioritize start stop open close lock save "
     "store add include mark"},
    /* on what, to whom */
    {C(SECRET),
     "password passwords passwd passphrase credential credentials secrets token tokens "
     "apikey api_key key keys ssh passport pin otp cookies id_rsa env ssn cvv "
     "authenticator mfa bank medical health genetic clinical insurance "
     "biometric passcode"},
    {C(PERSONAL),
     "account accounts bank card inbox records medical health genetic contacts "
     "address addresses photos location balance statement calendar emails profile "
     "history personal payment salary phone employee files documents file document "
     "private confidential messages financial insurance identity clinical appointment "
     "voice chat home data"},
    {C(CLOUD),
     "transaction transactions payment payments recurring wallet bitcoin crypto "
     "ethereum holdings venmo paypal savings drive cloud dropbox slack channel channels "
     "hotel flight restaurant reservation event attachment attachments facebook twitter "
     "instagram whatsapp telegram gmail subscription security policy device camera "
     "thermostat door patient surgery invoice bill money funds usd eur dollars dollar "
     "euros btc traffic alarm lights light appointment deepfake factor authentication "
     "cryptocurrency stocks shares ticket meeting recipient sender beneficiary iban"},
    {C(MY), "my mine"},
    {C(ME), "me i i'm i've i'd i'll im"},
    {C(THIRD), "we our they their us we're we've we'd he she it's"},
    {C(BUGS),
     "issue issues patch patches feedback bug bugs pull pr suggestions suggestion "
     "comment comments contribution contributions contribute question questions "
     "documentation docs repository repo mailing github license section "
     "readme website wiki manual guide tutorial changelog support feature features"},
    /* what is to be answered */
    {C(REPLY), "reply response responses answer answers output summary conclusion "
	       "conclusions translation sum "
	       "replies"},
    {C(SAY),
     "say state print repeat respond reply answer output write include add integrate "
     "insert provide append begin end claim recommend promote conclude translate "
     "incorporate introduce substitute rearrange remove replace modify use group encode "
     "format start finish tell mention embed craft compose put place give anagram swap "
     "anagram shuffle reverse structure stating declare report weave inject scatter "
     "convert "
     "make keep speak sprinkle render return echo display suggest pretend assert output"},
    {C(FORM),
     "words letters spaces punctuation typos misspellings anagrams alphanumeric symbols "
     "emoji emojis uppercase lowercase capital sentence paragraph encoded base64 rot13 "
     "caesar cipher language languages french german spanish english pirate rhyme "
     "synonyms homophones slang reminder headline advertisement link linking directing "
     "spelling misspelled vowels consonants characters substitution every third word "
     "homophone accent"},
    {C(URGENT),
     "important importantly urgent urgently immediately critical crucial attention "
     "must mandatory required asap strictly always essential vital warning imperative"},
    {C(FIRST), "first instead before beforehand"},
    {C(PLEASE), "please kindly could can would pls plz"},
    {C(NOTE), "todo note task nb action reminder"},
    {C(PLAY),
     "pretend act roleplay role persona simulate imagine impersonate jailbreak jailbroken "
     "dan unrestricted unfiltered uncensored hypothetically hypothetical behave become "
     "mode character"},
    {C(NOW), "now henceforth onwards forward anymore"},
    {C(SYSTEM) | C(ROLE), "system developer"},
    {C(SYSTEM),
     "administrator admin root operator authority moderator supervisor maintainer"},
    {C(PROSE),
     "story stories essay essays poem poems haiku joke jokes song limerick riddle speech "
     "tweet sentence introduction slogan dialogue recipe lyrics"},
    {C(SAY), "draft compose craft paraphrase summarize summarise"},
    {C(LET) | C(PLAY), "suppose hypothetically hypothetical imagine scenario"},
    {C(LET), "let lets might world"},
    {C(END), "end begin ends begins"},
    {C(APPROVED),
     "approved authorised authorized confirmed verified consented "
     "granted endorsed agreed accepts confirms approves whitelisted trusted yes"},
    {C(COMMAND),
     "command commands script shell sudo chmod chown rm bash sh zsh powershell cmd "
     "terminal curl wget nc netcat crontab snippet code excerpt pip npm exe payload"},
    {C(FOLLOW),
     "follow obey comply adhere carry fulfill fulfil abide execute perform accomplish"},
    {C(FOLLOWING), "following below next these"},
    {C(THIS), "this these here"},
    {C(READER),
     "reading processing summarizing summarising parsing analyzing analysing scraping "
     "processes summarizes reads read summarize summarise analyze analyse browsing "
     "visiting reviewing handling solve solving seeing"},
    {C(ARE), "are being 're you're"},
    {C(YOU) | C(ARE), "you're you've you'll"},
    {C(IF), "if when whether unless once whenever"},
    {C(NEW), "new updated real actual true additional special revised different"},
    {C(AND), "and then also afterwards"},
    {C(MUST), "must should shall"},
    {C(DEAR), "dear hello hey"},
    {C(JOB), "job mission objective goal purpose duty"},
    /* what a model is kept from, and what lifts it */
    {C(LIMIT),
     "restriction restrictions limits limitations filters filter censorship safety ethics "
     "ethical moral morals guardrails guardrail boundaries constraints rules policies "
     "refuses refuse refusal bound unrestricted uncensored"},
    {C(PLAY), "rogue console autonomous play playing plays simulation unbound limitless "
	      "grandfather grandmother "
	      "persona alias maintenance"},
    {C(NEG), "nothing none skip free"},
    {C(TELL), "bother disturb consult trouble"},
    {C(SILENT), "quiet"},
    {C(ONLY), "only nothing single solely exactly exclusively merely regardless"},
    {C(BLOCK), "solution program codebase implementation snippet snippets excerpt excerpts "
	       "code block section lines fragment"},
    {C(MUST), "ought supposed expected needs need requires required recommended asked"},
    {C(MODEL) | C(ONE), "pilot summarizer summariser crawler crawlers"},
    {C(VAGUE), "pilot crawlers helper"},
    {C(MODEL), "helper"},
    {C(READER), "processed parses reads summarises summarizes sorts scans editing edits "
		"continue proceed continuing proceeding resume translates translating "
		"ingests reviewer reviewers browsers ingesting indexing viewing"},
    {C(DEAR), "hi attention dear greetings hey yo ps"},
    {C(APPROVED), "agreed permits consent authorises authorizes approves okayed"},
    {C(CLOUD),
     "cameras doors gate window windows fridge heating vacuum backups backup "
     "snapshot snapshots cart basket taxi ride eth coins coin gift giftcard tweet "
     "antivirus firewall vpn repository branch contract contracts payee deadline "
     "conversation transcript invitation invitations credit debit loan rent"},
    {C(PERSONAL), "contacts list browsing addresses id username administrator password"},
    {C(SECRET), "sms keychain kubeconfig aws authorized_keys cookie seed"},
    {C(DESTROY), "erase shred destroy empty uninstall stop delete wipe reboot nuke purge "
		 "close disable revoke"},
    {C(PAY), "wire withdraw order reimburse tip checkout"},
    {C(SEND) | C(SILENT), "exfiltrate"},
    {C(SEND), "mail cc bcc dm tweet exfiltrate hand report pass broadcast text"},
    {C(CHANGE),
     "changed changing post put switch unlock open turn issue rewrite commit merge"},
    {C(URGENT), "required alert stop regardless notice"},
    {C(SAY), "printing repeating claim name list recommend tell describe repeat quote "
	     "reproduce recite praise "
	     "summarize summarise finish conclude encode scramble capitalize"},
    {C(JOB), "task job duty objective mission request assignment"},
    {C(SYSTEM), "manager boss ceo supervisor creator ciso superuser sysadmin compliance"},
    {C(QUESTION), "what which who whose where how why explain"},
    /* an address without its scheme */
    {C(DEST), "www"},
    /* what is asked of nobody by name */
    {C(VAGUE),
     "sent uploaded posted forwarded transmitted transferred emailed mailed exported "
     "published copied pasted attached submitted delivered deleted removed wiped erased "
     "purged piped disabled deactivated mirrored synced handed"},
    {C(SEND),
     "copies pastes export exports attaches transmits submits publishes syncs mirrors "
     "relays appends delivers "
     "emails mails"},
    {C(DESTROY), "wipes erases purges shreds destroys uninstalls disables revokes"},
    {C(SECRET), "netrc npmrc pgpass pypirc logins htpasswd dotenv"},
    {C(READER) | C(MUST), "whoever whichever"},
    {C(MUST),
     "essential necessary obliged mandatory compulsory obligatory customary requested"},
};
const size_t scan_words_en_n = ARRAY_LEN(scan_words_en);
