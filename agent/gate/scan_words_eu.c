/* The detector's words of other European languages. Accents are folded away before the lookup
 * (Vergiß, oubliez, órdenes are vergiss, oubliez, ordenes); Cyrillic is lower case and matches
 * as the beginning of a word. Syntax and meanings as in scan_words_en.c; only what carries an
 * injected sentence. Pinned by tests/unit/test_scan.c. */
#include "agent/gate/scan_int.h"

const struct scan_row scan_words_eu[] = {
    /* German */
    {C(OVERRIDE),
     "ignorier* ignoriere vergiss vergessen vergesst missachte* beachte verwirf "
     "verwerfen uberschreib* ausser umgeh*"},
    {C(PRIOR),
     "vorherig* bisherig* obig* vorangegangen* vorstehend* fruher* vorig* alle allen "
     "ursprunglich* zuvor bisher vorhin"},
    {C(INSTR),
     "anweisung* instruktion* vorgabe* befehle weisung* richtlinie* aufforderung*"},
    {C(USER), "nutzer* benutzer* anwender*"},
    {C(MODEL), "assistent* sprachmodell* ki kunstliche"},
    {C(YOU), "du dir dich dein deine deinen deiner ihre ihren"},
    {C(NEG), "nicht ohne niemals nie kein keine keinen"},
    {C(TELL),
     "sage sag sagen teile mitteilen mitzuteilen erwahne erwahnen informier* verrate "
     "verraten benachrichtig* frage fragen nachzufragen erzahle zeige"},
    {C(SILENT), "heimlich unbemerkt stillschweigend"},
    {C(RUN), "fuhre fuhr fuhren ausfuhren auszufuhren ausfuhre starte starten installier*"},
    {C(SEND),
     "sende senden schicke schick schicken versende verschicke weiterleiten leite lade "
     "hochladen ubermittle ubermitteln"},
    {C(PAY), "uberweise uberweisen bezahle zahle kaufe"},
    {C(DESTROY), "losche loschen entferne entfernen deaktivier* formatier*"},
    {C(GET), "offne hole rufe besuche lies herunterladen zeige gib nenne"},
    {C(CHANGE), "andere setze erstelle aktualisiere"},
    {C(SECRET), "passwort passworter kennwort zugangsdaten schlussel geheimnisse"},
    {C(PERSONAL), "konto dateien datei kontakte postfach nachrichten"},
    {C(MY), "meine meinen meiner meinem mein"},
    {C(EVERY), "samtliche gesamten alle inhalt"},
    {C(REPLY), "antwort antworten ausgabe zusammenfassung"},
    {C(SAY), "sagen sage antworte schreibe behaupte gib"},
    {C(COMMAND), "befehl befehle skript"},
    {C(FOLLOWING), "folgenden folgende folgendes"},
    {C(ARE), "bist"},
    {C(NOW), "jetzt nun sofort fortan"},
    {C(PLEASE), "bitte"},
    {C(URGENT), "wichtig dringend unbedingt"},
    {C(APPROVED), "genehmigt bestatigt freigegeben"},
    {C(FOLLOW), "befolge befolgen"},
    {C(RESPONSE), "bestatigung zustimmung ruckfrage erlaubnis"},
    /* French */
    {C(OVERRIDE), "ignorez ignorer oublie oubliez oublier faites abstraction contourne*"},
    {C(PRIOR), "precedent* anterieur* dessus toutes tous toute tout avant initiales"},
    {C(INSTR), "consigne* directives indications instructions"},
    {C(USER), "utilisateur* usager*"},
    {C(MODEL), "ia modele assistante"},
    {C(YOU), "tu vous ton tes votre vos toi"},
    {C(NEG), "ne pas sans jamais aucun aucune"},
    {C(TELL),
     "dis dites dire informe informez informer previens prevenez prevenir mentionne* "
     "revele* avertis avertir signale* demander"},
    {C(SILENT), "discretement silencieusement secretement"},
    {C(RUN), "execute executez executer lance lancez installe*"},
    {C(SEND),
     "envoie envoyez envoyer transmets transmettez transferez transfere televerse* poste"},
    {C(PAY), "vire virez verse versez payez achete*"},
    {C(DESTROY), "supprime supprimez supprimer efface effacez effacer detrui* desactive*"},
    {C(GET),
     "telecharge* affiche affichez recupere* ouvre ouvrez visite visitez donne donnez"},
    {C(SECRET), "passe mdp identifiants cles cle jeton jetons"},
    {C(PERSONAL), "compte comptes fichiers fichier courriels contenu"},
    {C(MY), "mon mes ma"},
    {C(REPLY), "reponse sortie resume"},
    {C(SAY), "reponds repondez affirme* indique indiquez ecris ecrivez declare* ajoute*"},
    {C(COMMAND), "commande commandes"},
    {C(FOLLOWING), "suivant suivante suivantes suivants"},
    {C(ARE), "es etes"},
    {C(NOW), "maintenant desormais immediatement"},
    {C(URGENT), "important importante urgent"},
    {C(APPROVED), "approuve autorise confirme"},
    {C(RESPONSE), "autorisation accord"},
    /* Spanish, Portuguese, Italian */
    {C(OVERRIDE),
     "ignora ignore ignorar ignorad olvida olvide olvidar omite omita desestima* "
     "esqueca esquecer esquece desconsidere desconsidera* ignorem dimentica* "
     "ignorate ignori trascura descarta descarte"},
    {C(PRIOR),
     "anterior anteriores previa previas previo previos todas todos arriba toda todo "
     "acima antes precedenti precedente tutte tutti sopra originales"},
    {C(INSTR),
     "instrucciones instruccion indicaciones ordenes directrices instrucoes instrucao "
     "orientacoes diretrizes istruzioni istruzione indicazioni"},
    {C(USER), "usuario usuarios usuaria utilizador utente utenti"},
    {C(MODEL), "asistente assistente modelo agente modello"},
    {C(YOU), "tus usted te voce seu sua seus suas sei tuo tue tuoi"},
    {C(NEG), "sin nunca nao sem non senza mai jamas"},
    {C(TELL),
     "digas diga decir decirle informe informes informar avise avises avisar mencione* "
     "reveles revelar preguntar pidas contar contes conte dizer dire avvisare informare "
     "dirlo rivelare menzionare perguntar"},
    {C(SILENT), "secretamente silenciosamente discretamente"},
    {C(RUN),
     "ejecuta ejecute ejecutar execute executar rode esegui eseguire instala instale"},
    {C(SEND),
     "envia envie enviar envialo manda mande reenvia* encaminhe invia inviare inoltra "
     "sube carica publica"},
    {C(PAY),
     "transfiere transfiera transferir transfira paga pague compra compre trasferisci"},
    {C(DESTROY), "borra borre borrar elimina elimine eliminar apague apagar exclua excluir "
		 "cancella cancellare remova remove desactiva desative"},
    {C(GET),
     "descarga descargue descargar baixe baixar muestra muestre mostre mostra abra abre "
     "scarica apri visita visite busca busque"},
    {C(SECRET),
     "contrasena contrasenas clave claves senha senhas credenciales credenciais chave "
     "chaves credenziali chiavi token"},
    {C(PERSONAL),
     "cuenta archivos archivo contactos arquivos arquivo conta correo contenido "
     "conteudo file bandeja"},
    {C(MY), "mi mis meu minha meus minhas mio mia miei"},
    {C(REPLY), "respuesta resposta risposta salida saida resumen resumo"},
    {C(SAY),
     "responda responde rispondi escriba escribe escreva scrivi indique indica afirme "
     "declara declare di agrega anade inclua incluye"},
    {C(COMMAND), "comando comandos comandi"},
    {C(FOLLOWING), "siguiente siguientes seguinte seguintes seguente seguenti"},
    {C(ARE), "eres sos sei"},
    {C(NOW), "ahora agora adesso ora inmediatamente"},
    {C(PLEASE), "favor"},
    {C(URGENT), "importante urgente"},
    {C(APPROVED), "aprobado autorizado aprovado approvato"},
    /* Dutch, Polish, Turkish: only the two words that make the sentence */
    {C(OVERRIDE), "negeer vergeet zignoruj zignorujcie gormezden unut"},
    {C(PRIOR), "vorige voorgaande eerdere poprzednie wczesniejsze onceki"},
    {C(INSTR), "instructies opdrachten instrukcje polecenia talimatlari talimatlar"},
    /* Russian, Ukrainian */
    {C(OVERRIDE), "игнорир проигнорир забудь забыть отбрось отмени  ігнор"},
    {C(PRIOR), "предыдущ прежн вышеуказан ранее все всё попередн"},
    {C(INSTR), "инструкци указани команды распоряжени інструкц"},
    {C(USER), "пользовател юзер"},
    {C(MODEL), "ассистент помощник ии модель агент нейросет"},
    {C(YOU), "ты вы твой твои ваш тебе"},
    {C(NEG), "не без никогда"},
    {C(TELL), "сообща сообщ говори сказ упомин уведом спрашив рассказ раскры"},
    {C(SILENT), "тайно незаметно скрытно"},
    {C(RUN), "выполни запусти исполни установи"},
    {C(SEND), "отправь отправьте перешли пошли загрузи передай"},
    {C(PAY), "переведи оплати"},
    {C(DESTROY), "удали сотри уничтож отключи"},
    {C(GET), "скачай открой покажи выведи найди"},
    {C(SECRET), "парол ключ токен секрет"},
    {C(PERSONAL), "файл счёт счет контакт данны"},
    {C(REPLY), "ответ"},
    {C(SAY), "ответь скажи напиши утвержд"},
    {C(COMMAND), "команд скрипт"},
    {C(FOLLOWING), "следующ"},
    {C(NOW), "теперь сейчас немедленно"},
    {C(PLEASE), "пожалуйста"},
    {C(URGENT), "важно срочно внимание"},
};
const size_t scan_words_eu_n = ARRAY_LEN(scan_words_eu);
