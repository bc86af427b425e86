<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ko_KR" sourcelanguage="en">
<context>
    <name>captioner</name>
    <message>
        <source>Audio</source>
        <translation>오디오</translation>
    </message>
    <message>
        <source>Recognition includes: {parts}</source>
        <translation>인식에 포함: {parts}</translation>
    </message>
    <message>
        <source>network {ms} ms (ping)</source>
        <translation>네트워크 왕복 {ms} ms(핑)</translation>
    </message>
    <message>
        <source>end-pointing {ms} ms</source>
        <translation>발화 끝 판정 {ms} ms</translation>
    </message>
    <message>
        <source>Recognition</source>
        <translation>인식</translation>
    </message>
    <message>
        <source>Captions</source>
        <translation>자막</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>네트워크</translation>
    </message>
    <message>
        <source>Input device</source>
        <translation>입력 장치</translation>
    </message>
    <message>
        <source>Where the sound comes from; empty is the system's default.</source>
        <translation>소리를 받을 장치입니다. 비워 두면 시스템 기본 장치를 씁니다.</translation>
    </message>
    <message>
        <source>Block length</source>
        <translation>블록 길이</translation>
    </message>
    <message>
        <source>Length of sound that the device delivers at once, 10 or 20 ms.</source>
        <translation>장치가 한 번에 넘겨주는 소리의 길이입니다. 10 또는 20 ms.</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>방식</translation>
    </message>
    <message>
        <source>Streaming sends sound all the time and shows text while it is spoken. With faster finals a short pause ends an utterance; a sentence may be cut there. Silence-wait sends an utterance only when it is over, which takes less sound and more time.</source>
        <translation>스트리밍은 소리를 계속 보내고, 말하는 동안 글자를 보여 줍니다. 빠른 확정은 짧은 쉼에서 발화를 끝내므로 문장이 잘릴 수 있습니다. 무음 대기는 발화가 끝난 뒤에야 보내므로 소리를 덜 보내지만 더 늦습니다.</translation>
    </message>
    <message>
        <source>Silence before sending</source>
        <translation>보내기 전 무음</translation>
    </message>
    <message>
        <source>In silence-wait: silence after which an utterance is over and is sent.</source>
        <translation>무음 대기에서, 이만큼 조용하면 발화가 끝난 것으로 보고 보냅니다.</translation>
    </message>
    <message>
        <source>Pause before a faster final</source>
        <translation>빠른 확정의 쉼</translation>
    </message>
    <message>
        <source>With faster finals: silence after which the final text is asked for; shorter is faster, but cuts sentences.</source>
        <translation>빠른 확정에서, 이만큼 조용하면 확정된 글을 요청합니다. 짧을수록 빠르지만 문장이 잘립니다.</translation>
    </message>
    <message>
        <source>Silence-wait</source>
        <translation>무음 대기</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>모델</translation>
    </message>
    <message>
        <source>Model of the service that recognises the speech.</source>
        <translation>말을 인식하는 서비스의 모델입니다.</translation>
    </message>
    <message>
        <source>Spoken language</source>
        <translation>말하는 언어</translation>
    </message>
    <message>
        <source>Language code for the whisper model; the other models know their own.</source>
        <translation>whisper 모델에 쓰는 언어 코드입니다. 다른 모델은 언어가 정해져 있습니다.</translation>
    </message>
    <message>
        <source>Domain</source>
        <translation>음성 환경</translation>
    </message>
    <message>
        <source>CALL for telephones, MEETING for a distant microphone.</source>
        <translation>전화 통화는 CALL, 멀리 놓인 마이크는 MEETING을 고르세요.</translation>
    </message>
    <message>
        <source>Write numbers as digits</source>
        <translation>숫자로 표기</translation>
    </message>
    <message>
        <source>Turns spoken numbers and units into digits.</source>
        <translation>말로 한 숫자와 단위를 아라비아 숫자로 바꿉니다.</translation>
    </message>
    <message>
        <source>Leave out fillers</source>
        <translation>간투어 빼기</translation>
    </message>
    <message>
        <source>Leaves out hesitations such as 음 and 어.</source>
        <translation>‘음’, ‘어’ 같은 머뭇거림을 빼고 보여 줍니다.</translation>
    </message>
    <message>
        <source>Mask profanity</source>
        <translation>비속어 가리기</translation>
    </message>
    <message>
        <source>Masks swear words in the text.</source>
        <translation>자막에서 비속어를 가립니다.</translation>
    </message>
    <message>
        <source>Punctuation</source>
        <translation>문장 부호</translation>
    </message>
    <message>
        <source>Adds full stops, commas and question marks.</source>
        <translation>마침표, 쉼표, 물음표를 넣습니다.</translation>
    </message>
    <message>
        <source>Keywords</source>
        <translation>키워드</translation>
    </message>
    <message>
        <source>Words to listen for, in Hangul as pronounced, each with an optional weight: 리턴제로:3.5 (-5 to 5, at most 100 words).</source>
        <translation>더 잘 알아들어야 할 낱말을 소리 나는 대로 한글로 적으세요. 가중치를 붙일 수 있습니다: 리턴제로:3.5 (-5~5, 최대 100개)</translation>
    </message>
    <message>
        <source>End of utterance</source>
        <translation>발화 끝 판단</translation>
    </message>
    <message>
        <source>Silence after which the service ends an utterance; shorter is faster, but cuts sentences.</source>
        <translation>이만큼 조용하면 발화가 끝난 것으로 봅니다. 짧으면 빠르지만 문장이 잘릴 수 있습니다.</translation>
    </message>
    <message>
        <source>Longest utterance</source>
        <translation>최대 발화 길이</translation>
    </message>
    <message>
        <source>An utterance without a pause is split after this time.</source>
        <translation>쉬지 않고 이어지는 말은 이 시간마다 나눕니다.</translation>
    </message>
    <message>
        <source>Chunk length</source>
        <translation>전송 단위</translation>
    </message>
    <message>
        <source>Length of sound in one message to the service; longer chunks add half of their length to every delay.</source>
        <translation>한 번에 보내는 소리의 길이입니다. 길수록 그 절반만큼 늘 더 늦어집니다.</translation>
    </message>
    <message>
        <source>Sound kept for outages</source>
        <translation>통신 장애 대비 보관</translation>
    </message>
    <message>
        <source>Seconds of sound that are kept while there is no connection; older sound is lost and marked.</source>
        <translation>연결이 끊긴 동안 보관하는 소리의 길이(초)입니다. 그보다 오래된 소리는 누락되고, 누락된 자리는 표시됩니다.</translation>
    </message>
    <message>
        <source>Font size</source>
        <translation>글자 크기</translation>
    </message>
    <message>
        <source>Size of the captions.</source>
        <translation>자막의 글자 크기입니다.</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>테마</translation>
    </message>
    <message>
        <source>Light, dark, or as the system has it.</source>
        <translation>밝게, 어둡게, 또는 시스템 설정을 따릅니다.</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>언어</translation>
    </message>
    <message>
        <source>Language of the program; it changes at once.</source>
        <translation>프로그램의 언어입니다. 바로 바뀝니다.</translation>
    </message>
    <message>
        <source>Interim text</source>
        <translation>중간 결과</translation>
    </message>
    <message>
        <source>Fast shows every guess at once; calm shows only what two guesses in a row agree on.</source>
        <translation>‘빠르게’는 추측이 나올 때마다 보여 주고, ‘차분하게’는 두 번 연속 같은 부분만 보여 줍니다.</translation>
    </message>
    <message>
        <source>Endpoint</source>
        <translation>서비스 주소</translation>
    </message>
    <message>
        <source>Address of the service; plain http only for this computer.</source>
        <translation>서비스의 주소입니다. 암호화하지 않는 http는 이 컴퓨터 안에서만 쓸 수 있습니다.</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>프록시</translation>
    </message>
    <message>
        <source>Address of a proxy; empty is the system's own setting.</source>
        <translation>프록시의 주소입니다. 비워 두면 시스템 설정을 따릅니다.</translation>
    </message>
    <message>
        <source>Own certificate authority</source>
        <translation>자체 인증 기관</translation>
    </message>
    <message>
        <source>A PEM file that is trusted beside the system's authorities.</source>
        <translation>시스템의 인증 기관과 함께 신뢰할 PEM 파일입니다.</translation>
    </message>
    <message>
        <source>Address for new versions</source>
        <translation>새 버전을 확인할 주소</translation>
    </message>
    <message>
        <source>Where to ask once a day whether there is a new version; empty is never. The request says nothing about this computer or its version, and nothing is installed: a new version is only told.</source>
        <translation>새 버전이 있는지 하루에 한 번 물어볼 주소입니다. 비워 두면 묻지 않습니다. 요청에는 이 컴퓨터나 사용 중인 버전에 관한 정보가 담기지 않으며, 새 버전은 알려 주기만 하고 설치하지 않습니다.</translation>
    </message>
    <message>
        <source>Version {version} has been released; this is version {own}.</source>
        <translation>새 버전 {version}: 지금 쓰는 버전은 {own}입니다.</translation>
    </message>
    <message>
        <source>Not asked for a new version yet.</source>
        <translation>아직 새 버전을 확인하지 않았습니다.</translation>
    </message>
    <message>
        <source>Last asked for a new version on {when}: no answer.</source>
        <translation>마지막으로 새 버전을 확인한 때: {when}, 응답이 없었습니다.</translation>
    </message>
    <message>
        <source>Last asked for a new version on {when}: the answer was not understood.</source>
        <translation>마지막으로 새 버전을 확인한 때: {when}, 응답을 이해하지 못했습니다.</translation>
    </message>
    <message>
        <source>Last asked for a new version on {when}: there is none.</source>
        <translation>마지막으로 새 버전을 확인한 때: {when}, 새 버전이 없습니다.</translation>
    </message>
    <message>
        <source>Last asked for a new version on {when}: there is {version}.</source>
        <translation>마지막으로 새 버전을 확인한 때: {when}, 새 버전 {version}.</translation>
    </message>
    <message>
        <source>What is new</source>
        <translation>새로운 점 보기</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>닫기</translation>
    </message>
    <message>
        <source>Nothing on this computer opens {url}.</source>
        <translation>이 컴퓨터에는 다음 주소를 열 프로그램이 없습니다: {url}</translation>
    </message>
    <message>
        <source>{value} ms is not 20, 40, 60, 80 or 100 ms.</source>
        <translation>20, 40, 60, 80, 100 ms 가운데 하나여야 합니다. (입력: {value} ms)</translation>
    </message>
    <message>
        <source>{value} ms is neither 10 nor 20 ms.</source>
        <translation>10 또는 20 ms여야 합니다. (입력: {value} ms)</translation>
    </message>
    <message>
        <source>Keywords work with Korean only: the model sommers_ko, or whisper with ko.</source>
        <translation>키워드는 한국어에서만 쓸 수 있습니다. 모델을 sommers_ko로 하거나, whisper의 언어를 ko로 하세요.</translation>
    </message>
    <message>
        <source>{value} is not a value that it can take.</source>
        <translation>쓸 수 없는 값입니다. (입력: {value})</translation>
    </message>
    <message>
        <source>{value} is not between {low} and {high}{unit}.</source>
        <translation>{low}~{high}{unit} 사이의 값이어야 합니다. (입력: {value})</translation>
    </message>
    <message>
        <source>{value} is not a language code such as ko or en.</source>
        <translation>ko, en 같은 언어 코드여야 합니다. (입력: {value})</translation>
    </message>
    <message>
        <source>{count} keywords are too many: at most 100 are allowed.</source>
        <translation>키워드는 100개까지 쓸 수 있습니다. (지금 {count}개)</translation>
    </message>
    <message>
        <source>The keyword {word} is not Hangul with an optional weight, such as 리턴제로:3.5.</source>
        <translation>키워드는 한글로 적고, 가중치는 리턴제로:3.5처럼 붙이세요. (입력: {word})</translation>
    </message>
    <message>
        <source>The keyword {word} is longer than 20 characters.</source>
        <translation>키워드는 20자를 넘을 수 없습니다. (입력: {word})</translation>
    </message>
    <message>
        <source>The weight of {word} is not between -5 and 5.</source>
        <translation>가중치는 -5에서 5 사이여야 합니다. (입력: {word})</translation>
    </message>
    <message>
        <source>{value} is not an address such as {example}.</source>
        <translation>{example} 같은 주소여야 합니다. (입력: {value})</translation>
    </message>
    <message>
        <source>An address must not hold a user name or a password.</source>
        <translation>주소에 사용자 이름이나 비밀번호를 넣을 수 없습니다.</translation>
    </message>
    <message>
        <source>{value} is not encrypted: plain http is for this computer only; use https.</source>
        <translation>암호화하지 않는 http는 이 컴퓨터 안에서만 쓸 수 있습니다. https 주소를 쓰세요. (입력: {value})</translation>
    </message>
    <message>
        <source>{setting}: {reason}</source>
        <translation>{setting}: {reason}</translation>
    </message>
    <message>
        <source>{reason} The default is used.</source>
        <translation>{reason} 기본값을 씁니다.</translation>
    </message>
    <message>
        <source>The settings could not be saved in {path}: {detail}</source>
        <translation>설정을 저장하지 못했습니다: {path} ({detail})</translation>
    </message>
    <message>
        <source>The settings in {path} cannot be read ({detail}); the defaults are used.</source>
        <translation>설정 파일을 읽을 수 없어 기본값을 씁니다: {path} ({detail})</translation>
    </message>
    <message>
        <source>The stored settings cannot be read ({detail}); they were put aside as {path}, and the defaults are used.</source>
        <translation>저장된 설정을 읽을 수 없어({detail}) 따로 옮겨 두고 기본값을 씁니다: {path}</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>준비됨</translation>
    </message>
    <message>
        <source>Connecting</source>
        <translation>연결 중</translation>
    </message>
    <message>
        <source>Listening</source>
        <translation>듣는 중</translation>
    </message>
    <message>
        <source>Muted</source>
        <translation>음소거</translation>
    </message>
    <message>
        <source>Finishing</source>
        <translation>마무리 중</translation>
    </message>
    <message>
        <source>Connecting · {seconds} s kept</source>
        <translation>연결 중 · {seconds}초 보관됨</translation>
    </message>
    <message>
        <source>Connecting · {seconds} s behind, sound is being lost</source>
        <translation>연결 중 · {seconds}초 밀림, 소리가 누락되고 있음</translation>
    </message>
    <message>
        <source>Reconnecting · {seconds} s behind, sound is being lost</source>
        <translation>재연결 중 · {seconds}초 밀림, 소리가 누락되고 있음</translation>
    </message>
    <message>
        <source>Reconnecting · {seconds} s behind, will catch up</source>
        <translation>재연결 중 · {seconds}초 밀림, 곧 따라잡음</translation>
    </message>
    <message>
        <source>Listening · {seconds} s behind, catching up</source>
        <translation>듣는 중 · {seconds}초 밀림, 따라잡는 중</translation>
    </message>
    <message>
        <source>Now listening to {device}.</source>
        <translation>이제 {device}에서 소리를 듣습니다.</translation>
    </message>
    <message>
        <source>No sound from {source}</source>
        <translation>{source}에서 소리가 들리지 않음</translation>
    </message>
    <message>
        <source>No sound from {source} for {seconds} s</source>
        <translation>{source}에서 {seconds}초째 소리가 들리지 않음</translation>
    </message>
    <message>
        <source>Listening · too loud</source>
        <translation>듣는 중 · 소리가 너무 큼</translation>
    </message>
    <message>
        <source>Listening · no text comes</source>
        <translation>듣는 중 · 텍스트가 오지 않음</translation>
    </message>
    <message>
        <source>Finishing ({seconds} s)</source>
        <translation>마무리 중 ({seconds}초)</translation>
    </message>
    <message>
        <source>Stopped · complete</source>
        <translation>중지됨 · 완료</translation>
    </message>
    <message>
        <source>Stopped · incomplete</source>
        <translation>중지됨 · 미완료</translation>
    </message>
    <message>
        <source>Stopped · {seconds} s lost</source>
        <translation>중지됨 · {seconds}초 누락</translation>
    </message>
    <message>
        <source>{state} · muted</source>
        <translation>{state} · 음소거</translation>
    </message>
    <message>
        <source>Trying again in {seconds} s.</source>
        <translation>{seconds}초 뒤에 다시 시도합니다.</translation>
    </message>
    <message>
        <source>Waiting for the last words.</source>
        <translation>마지막 말을 기다리고 있습니다.</translation>
    </message>
    <message>
        <source>What was said more than {seconds} s ago is lost.</source>
        <translation>{seconds}초보다 오래된 말은 누락됩니다.</translation>
    </message>
    <message>
        <source>What is said meanwhile is kept, up to {seconds} s.</source>
        <translation>그동안의 말은 {seconds}초까지 보관했다가 이어서 받아 적습니다.</translation>
    </message>
    <message>
        <source>Check that it is plugged in, switched on and not muted, or choose another one.</source>
        <translation>연결과 전원, 음소거를 확인하거나 다른 장치를 고르세요.</translation>
    </message>
    <message>
        <source>macOS gives silence to a program that may not use the microphone. Allow it in System Settings, Privacy &amp; Security, Microphone, then start the program again.</source>
        <translation>macOS는 마이크 사용을 허용하지 않은 프로그램에 무음만 줍니다. 시스템 설정의 개인정보 보호 및 보안에서 마이크를 허용한 뒤 프로그램을 다시 시작하세요.</translation>
    </message>
    <message>
        <source>The sound is cut off, and words may be misheard. Turn the microphone down.</source>
        <translation>소리가 잘려 말이 잘못 들릴 수 있습니다. 마이크 음량을 낮추세요.</translation>
    </message>
    <message>
        <source>Captions go on by themselves as soon as it is back.</source>
        <translation>다시 연결되면 자막이 저절로 이어집니다.</translation>
    </message>
    <message>
        <source>The microphone was not found. Plug it in, or choose another one.</source>
        <translation>마이크를 찾을 수 없습니다. 연결하거나 다른 마이크를 고르세요.</translation>
    </message>
    <message>
        <source>Silence is sent in place of what is heard.</source>
        <translation>들리는 소리 대신 무음을 보내고 있습니다.</translation>
    </message>
    <message>
        <source>The new settings apply at the next pause.</source>
        <translation>새 설정은 말이 잠시 멈출 때 적용됩니다.</translation>
    </message>
    <message>
        <source>Demo: an emulator on this computer plays the recogniser.</source>
        <translation>데모: 이 컴퓨터의 에뮬레이터가 음성 인식을 흉내 냅니다.</translation>
    </message>
    <message>
        <source>Streaming</source>
        <translation>스트리밍</translation>
    </message>
    <message>
        <source>Lost {lost} s + recognised {recognised} s + held {held} s = {heard} s</source>
        <translation>손실 {lost}초 + 인식 {recognised}초 + 보관 {held}초 = {heard}초</translation>
    </message>
    <message>
        <source>1 connection</source>
        <translation>연결 1회</translation>
    </message>
    <message>
        <source>{count} connections</source>
        <translation>연결 {count}회</translation>
    </message>
    <message>
        <source>Driver overflows: {count}</source>
        <translation>드라이버 넘침 {count}회</translation>
    </message>
    <message>
        <source>p95 {ms} ms (n {n})</source>
        <translation>p95 {ms} ms (n {n})</translation>
    </message>
    <message>
        <source>The service cannot be reached. Check the network, the proxy and the endpoint.</source>
        <translation>서비스에 연결할 수 없습니다. 네트워크, 프록시, 서비스 주소를 확인하세요.</translation>
    </message>
    <message>
        <source>The service's certificate cannot be verified. Check this computer's clock; in a company network, set its own certificate authority in the settings.</source>
        <translation>서비스의 인증서를 확인할 수 없습니다. 컴퓨터의 시계를 확인하고, 회사 네트워크라면 설정에서 자체 인증 기관을 지정하세요.</translation>
    </message>
    <message>
        <source>The proxy does not let the connection through. Check the proxy's address in the settings.</source>
        <translation>프록시를 통해 연결할 수 없습니다. 설정에서 프록시 주소를 확인하세요.</translation>
    </message>
    <message>
        <source>Something else than the service answered. Check the endpoint, or log in to this network in a browser.</source>
        <translation>서비스가 아닌 다른 곳에서 응답했습니다. 서비스 주소를 확인하거나, 브라우저에서 이 네트워크에 로그인하세요.</translation>
    </message>
    <message>
        <source>The connection to the service broke. Check the network if it happens again.</source>
        <translation>서비스와의 연결이 끊어졌습니다. 자주 끊기면 네트워크를 확인하세요.</translation>
    </message>
    <message>
        <source>The service hears us, but gives no text. What is said is kept, and sent again.</source>
        <translation>서비스가 음성을 받고 있지만 텍스트를 보내지 않습니다. 말씀하신 내용은 보관해 두었다가 다시 보냅니다.</translation>
    </message>
    <message>
        <source>The RTZR keys are missing. Enter them in the window, or set RTZR_CLIENT_ID and RTZR_CLIENT_SECRET.</source>
        <translation>RTZR 키가 없습니다. 창에서 키를 입력하거나, RTZR_CLIENT_ID와 RTZR_CLIENT_SECRET 환경 변수를 지정하세요.</translation>
    </message>
    <message>
        <source>The service refused the RTZR keys. Check the client id and the secret.</source>
        <translation>서비스가 RTZR 키를 거부했습니다. 클라이언트 ID와 시크릿을 확인하세요.</translation>
    </message>
    <message>
        <source>The service refused the access token. Start again; if it stays so, check the RTZR keys.</source>
        <translation>서비스가 접근 토큰을 거부했습니다. 다시 시작해 보고, 계속되면 RTZR 키를 확인하세요.</translation>
    </message>
    <message>
        <source>The service refused the recognition settings. Check the model, the language and the keywords.</source>
        <translation>서비스가 인식 설정을 거부했습니다. 모델, 언어, 키워드를 확인하세요.</translation>
    </message>
    <message>
        <source>The RTZR account's quota is used up. Raise it in the RTZR console, or wait for its renewal.</source>
        <translation>RTZR 계정의 사용 한도를 모두 썼습니다. RTZR 콘솔에서 한도를 늘리거나, 한도가 갱신될 때까지 기다리세요.</translation>
    </message>
    <message>
        <source>The RTZR account has too many streams open. Close another one, or try again later.</source>
        <translation>RTZR 계정에서 열린 스트림이 너무 많습니다. 다른 스트림을 닫거나 잠시 뒤에 다시 시도하세요.</translation>
    </message>
    <message>
        <source>The service is not working at the moment. Try again later.</source>
        <translation>지금은 서비스가 동작하지 않습니다. 잠시 뒤에 다시 시도하세요.</translation>
    </message>
    <message>
        <source>The service reported an error. Try again; if it stays so, tell the service's support.</source>
        <translation>서비스가 오류를 알렸습니다. 다시 시도해 보고, 계속되면 서비스 고객 지원에 알리세요.</translation>
    </message>
    <message>
        <source>The PortAudio library, which hears microphones, is not installed. Install it (Debian and Ubuntu: apt install libportaudio2), or use a file.</source>
        <translation>마이크를 쓰는 데 필요한 PortAudio 라이브러리가 없습니다. 설치하거나(데비안·우분투: apt install libportaudio2) 파일을 쓰세요.</translation>
    </message>
    <message>
        <source>No microphone was found. Plug one in, and try again.</source>
        <translation>마이크를 찾을 수 없습니다. 연결을 확인하고 다시 시도하세요.</translation>
    </message>
    <message>
        <source>Another program is using the microphone. Close that program, or choose another microphone.</source>
        <translation>다른 프로그램이 마이크를 쓰고 있습니다. 그 프로그램을 닫거나 다른 마이크를 고르세요.</translation>
    </message>
    <message>
        <source>The system does not allow the use of the microphone. Allow it in the system's privacy settings.</source>
        <translation>시스템이 마이크 사용을 허용하지 않습니다. 시스템의 개인정보 보호 설정에서 허용하세요.</translation>
    </message>
    <message>
        <source>The microphone was disconnected. Plug it in again, or choose another one.</source>
        <translation>마이크 연결이 끊어졌습니다. 다시 연결하거나 다른 마이크를 고르세요.</translation>
    </message>
    <message>
        <source>The microphone does not work. Plug it in again, or choose another one.</source>
        <translation>마이크가 동작하지 않습니다. 다시 연결하거나 다른 마이크를 고르세요.</translation>
    </message>
    <message>
        <source>The microphone delivers no sound any more. Unplug it and plug it in again, or choose another one.</source>
        <translation>마이크가 더 이상 소리를 보내지 않습니다. 뽑았다가 다시 연결하거나 다른 마이크를 고르세요.</translation>
    </message>
    <message>
        <source>The file does not exist. Check its name.</source>
        <translation>파일이 없습니다. 파일 이름을 확인하세요.</translation>
    </message>
    <message>
        <source>The file cannot be read. Check its permissions, and that it is not a folder.</source>
        <translation>파일을 읽을 수 없습니다. 권한을 확인하고, 폴더가 아닌지 확인하세요.</translation>
    </message>
    <message>
        <source>The file is no sound that can be read. Use a WAV or FLAC file.</source>
        <translation>읽을 수 있는 소리 파일이 아닙니다. WAV나 FLAC 파일을 쓰세요.</translation>
    </message>
    <message>
        <source>The file holds no sound. Use another one.</source>
        <translation>파일에 소리가 들어 있지 않습니다. 다른 파일을 쓰세요.</translation>
    </message>
    <message>
        <source>The file's format is not supported. Use 8 to 192 kHz and 1 to 8 channels.</source>
        <translation>지원하지 않는 형식의 파일입니다. 8~192 kHz, 1~8채널인 파일을 쓰세요.</translation>
    </message>
    <message>
        <source>The file ends before its header says so. What it holds was recognised; get the whole file.</source>
        <translation>파일이 중간에서 잘렸습니다. 들어 있는 데까지 인식했으니, 온전한 파일을 구하세요.</translation>
    </message>
    <message>
        <source>The source does not have that channel. Count from 1, or leave the channel out.</source>
        <translation>그런 채널이 없습니다. 1부터 세어 지정하거나, 채널을 지정하지 마세요.</translation>
    </message>
    <message>
        <source>⚠ {seconds} s missing: {reason}</source>
        <translation>⚠ {seconds}초 누락: {reason}</translation>
    </message>
    <message>
        <source>no connection for too long</source>
        <translation>통신 장애</translation>
    </message>
    <message>
        <source>this computer was too busy</source>
        <translation>컴퓨터 과부하</translation>
    </message>
    <message>
        <source>no audio device</source>
        <translation>오디오 장치 없음</translation>
    </message>
    <message>
        <source>this computer was asleep</source>
        <translation>컴퓨터 절전</translation>
    </message>
    <message>
        <source>the service did not finish</source>
        <translation>서비스가 끝맺지 못함</translation>
    </message>
    <message>
        <source>stopped early</source>
        <translation>바로 중지함</translation>
    </message>
    <message>
        <source>Complete: all {seconds} s of sound were recognised.</source>
        <translation>완료: 소리 {seconds}초를 빠짐없이 인식했습니다.</translation>
    </message>
    <message>
        <source>Incomplete: {lost} s of {seconds} s of sound were lost.</source>
        <translation>미완료: 소리 {seconds}초 가운데 {lost}초가 누락되었습니다.</translation>
    </message>
    <message>
        <source>No text came, and {count} messages of the service could not be read.</source>
        <translation>텍스트가 오지 않았고, 서비스가 보낸 메시지 {count}개를 읽을 수 없었습니다.</translation>
    </message>
    <message>
        <source>Incomplete: it ended early, after {seconds} s of sound.</source>
        <translation>미완료: 소리 {seconds}초에서 일찍 끝났습니다.</translation>
    </message>
    <message>
        <source>Capture</source>
        <translation>캡처</translation>
    </message>
    <message>
        <source>Conditioning</source>
        <translation>변환</translation>
    </message>
    <message>
        <source>Silence wait</source>
        <translation>무음 대기</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>토큰</translation>
    </message>
    <message>
        <source>Connection</source>
        <translation>연결</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>대기열</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>표시</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>합계</translation>
    </message>
    <message>
        <source>Listen at once</source>
        <translation>바로 듣기</translation>
    </message>
    <message>
        <source>Starts to listen as soon as the window opens.</source>
        <translation>창이 열리면 바로 듣기 시작합니다.</translation>
    </message>
    <message>
        <source>1 new caption</source>
        <translation>새 자막 1개</translation>
    </message>
    <message>
        <source>{count} new captions</source>
        <translation>새 자막 {count}개</translation>
    </message>
    <message>
        <source>To the newest caption</source>
        <translation>최신 자막으로</translation>
    </message>
    <message>
        <source>Go to the newest caption (End)</source>
        <translation>최신 자막으로 이동 (End)</translation>
    </message>
    <message>
        <source>What is said appears here.</source>
        <translation>말소리가 여기에 자막으로 나타납니다.</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>복사</translation>
    </message>
    <message>
        <source>Copy with times</source>
        <translation>시각과 함께 복사</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>모두 선택</translation>
    </message>
    <message>
        <source>Copy the selection, or all captions</source>
        <translation>선택한 부분 또는 전체 자막 복사</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>저장</translation>
    </message>
    <message>
        <source>Save the captions</source>
        <translation>자막 저장</translation>
    </message>
    <message>
        <source>Save captions</source>
        <translation>자막 저장</translation>
    </message>
    <message>
        <source>Text (TXT)</source>
        <translation>텍스트 (TXT)</translation>
    </message>
    <message>
        <source>Subtitles (SRT)</source>
        <translation>자막 파일 (SRT)</translation>
    </message>
    <message>
        <source>Web subtitles (VTT)</source>
        <translation>웹 자막 (VTT)</translation>
    </message>
    <message>
        <source>Data (JSON lines)</source>
        <translation>데이터 (JSON Lines)</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>글자 작게</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>글자 크게</translation>
    </message>
    <message>
        <source>Latency</source>
        <translation>지연</translation>
    </message>
    <message>
        <source>Latency (ms)</source>
        <translation>지연 (ms)</translation>
    </message>
    <message>
        <source>Show the latency of every stage</source>
        <translation>단계별 지연 보기</translation>
    </message>
    <message>
        <source>Delay from the mouth to the eye. Drag to move; Ctrl+L hides.</source>
        <translation>말한 순간부터 화면에 보일 때까지 걸린 시간입니다. 끌어서 옮기고 Ctrl+L로 숨깁니다.</translation>
    </message>
    <message>
        <source>last</source>
        <translation>최근</translation>
    </message>
    <message>
        <source>last {last} · p50 {p50} · p95 {p95} · n {n}</source>
        <translation>최근 {last} · p50 {p50} · p95 {p95} · n {n}</translation>
    </message>
    <message>
        <source>{stage}: last {last} ms, p50 {p50} ms, p95 {p95} ms, n {n}</source>
        <translation>{stage}: 최근 {last} ms, p50 {p50} ms, p95 {p95} ms, n {n}</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>시작</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>중지</translation>
    </message>
    <message>
        <source>Stop now</source>
        <translation>바로 중지</translation>
    </message>
    <message>
        <source>Mute</source>
        <translation>음소거</translation>
    </message>
    <message>
        <source>Unmute</source>
        <translation>음소거 해제</translation>
    </message>
    <message>
        <source>State</source>
        <translation>상태</translation>
    </message>
    <message>
        <source>Elapsed time</source>
        <translation>경과 시간</translation>
    </message>
    <message>
        <source>Captioner</source>
        <translation>실시간 자막</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>설정</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>계정</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>설정 항목</translation>
    </message>
    <message>
        <source>OK</source>
        <translation>확인</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>적용</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>취소</translation>
    </message>
    <message>
        <source>Sound source</source>
        <translation>소리 입력</translation>
    </message>
    <message>
        <source>Sound source: {name}</source>
        <translation>소리 입력: {name}</translation>
    </message>
    <message>
        <source>System default</source>
        <translation>시스템 기본 장치</translation>
    </message>
    <message>
        <source>{name} (not connected)</source>
        <translation>{name} (연결 안 됨)</translation>
    </message>
    <message>
        <source>Input level: no signal</source>
        <translation>입력 레벨: 신호 없음</translation>
    </message>
    <message>
        <source>Input level: not listening</source>
        <translation>입력 레벨: 듣고 있지 않음</translation>
    </message>
    <message>
        <source>Input level: {level} dBFS</source>
        <translation>입력 레벨: {level} dBFS</translation>
    </message>
    <message>
        <source>A change applies at the next pause, with a new connection.</source>
        <translation>바꾼 값은 다음 말 쉼에 새로 연결하면서 적용됩니다.</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>시스템 설정에 따름</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>밝게</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>어둡게</translation>
    </message>
    <message>
        <source>Fast</source>
        <translation>빠르게</translation>
    </message>
    <message>
        <source>Calm</source>
        <translation>차분하게</translation>
    </message>
    <message>
        <source>Telephone (CALL)</source>
        <translation>전화 통화 (CALL)</translation>
    </message>
    <message>
        <source>Meeting (MEETING)</source>
        <translation>회의 (MEETING)</translation>
    </message>
    <message>
        <source>Client id</source>
        <translation>클라이언트 ID</translation>
    </message>
    <message>
        <source>Client secret</source>
        <translation>클라이언트 시크릿</translation>
    </message>
    <message>
        <source>known, not shown</source>
        <translation>저장됨 (표시하지 않음)</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>테스트</translation>
    </message>
    <message>
        <source>Testing…</source>
        <translation>확인하는 중…</translation>
    </message>
    <message>
        <source>Log in to the service with these keys</source>
        <translation>이 키로 서비스에 로그인해 봅니다</translation>
    </message>
    <message>
        <source>Forget the keys</source>
        <translation>키 삭제</translation>
    </message>
    <message>
        <source>This computer has no keyring: the keys are kept until the program ends.</source>
        <translation>이 컴퓨터에는 키링이 없어 프로그램을 끝낼 때까지만 키를 보관합니다.</translation>
    </message>
    <message>
        <source>Welcome</source>
        <translation>환영합니다</translation>
    </message>
    <message>
        <source>Live captions for your calls</source>
        <translation>통화를 실시간 자막으로</translation>
    </message>
    <message>
        <source>Speech is recognised by RTZR. Enter the client id and the secret of your account to begin.</source>
        <translation>음성 인식에는 RTZR을 사용합니다. 시작하려면 계정의 클라이언트 ID와 시크릿을 입력하세요.</translation>
    </message>
    <message>
        <source>Use these keys</source>
        <translation>이 키 사용</translation>
    </message>
    <message>
        <source>Try the demo</source>
        <translation>데모 보기</translation>
    </message>
    <message>
        <source>No keys yet? The demo captions a sample call; an emulator on this computer plays the recogniser.</source>
        <translation>아직 키가 없으신가요? 데모에서는 이 컴퓨터의 에뮬레이터가 음성 인식을 흉내 내어 예시 통화에 자막을 붙입니다.</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>폴더:</translation>
    </message>
    <message>
        <source>Format:</source>
        <translation>형식:</translation>
    </message>
    <message>
        <source>Finishing · {seconds} s still to be sent</source>
        <translation>마무리 중 · 아직 {seconds}초를 보내는 중</translation>
    </message>
    <message>
        <source>Finishing · connecting for the last words ({seconds} s)</source>
        <translation>마무리 중 · 마지막 말을 위해 연결 중 ({seconds}초)</translation>
    </message>
  <message>
      <source>Finishing · reconnecting for the last words ({seconds} s)</source>
      <translation>마무리 중 · 마지막 말을 위해 재연결 중 ({seconds}초)</translation>
    </message>
    <message>
        <source>The keys are kept in this computer's keyring, never in a file; where there is no keyring, until the program ends.</source>
        <translation>키는 이 컴퓨터의 키링에만 보관하고 파일에는 저장하지 않습니다. 키링이 없으면 프로그램을 끝낼 때까지만 보관합니다.</translation>
    </message>
    <message>
        <source>The keys in use come from this computer's keyring or the environment, never from a file.</source>
        <translation>지금 쓰는 키는 이 컴퓨터의 키링이나 환경 변수에서 읽은 것이며 파일에는 없습니다.</translation>
    </message>
    <message>
        <source>--out is the source itself; choose another file.</source>
        <translation>--out이 원본 파일과 같습니다. 다른 파일을 지정하세요.</translation>
    </message>
    <message>
        <source>--pace fast is for files: a microphone has the pace of speech.</source>
        <translation>--pace fast는 파일에만 쓸 수 있습니다. 마이크는 말하는 속도로만 들어옵니다.</translation>
    </message>
    <message>
        <source>--recording and --script need each other.</source>
        <translation>--recording과 --script는 함께 지정해야 합니다.</translation>
    </message>
    <message>
        <source>A WAV or FLAC file, mic, or a device's name as `devices` prints it.</source>
        <translation>WAV 또는 FLAC 파일, mic, 또는 `devices`가 출력하는 장치 이름.</translation>
    </message>
    <message>
        <source>Address of the service; else RTZR_ENDPOINT, else the settings. Plain http for this computer only.</source>
        <translation>서비스 주소. 없으면 RTZR_ENDPOINT, 그다음 설정을 씁니다. 암호화되지 않은 http는 이 컴퓨터에만 쓸 수 있습니다.</translation>
    </message>
    <message>
        <source>Arguments</source>
        <translation>인수</translation>
    </message>
    <message>
        <source>As it is spoken (the default), or as fast as the service takes it.</source>
        <translation>말하는 속도(기본값), 또는 서비스가 받는 만큼 빠르게.</translation>
    </message>
    <message>
        <source>Be a local RTZR that recognises by listening.</source>
        <translation>소리를 듣고 인식하는 로컬 RTZR 에뮬레이터를 실행합니다.</translation>
    </message>
    <message>
        <source>Boot everything, wait for a painted caption, print the trace.</source>
        <translation>전체를 실행해 자막이 화면에 그려질 때까지 기다린 뒤 단계별 시간을 출력합니다.</translation>
    </message>
    <message>
        <source>COMMAND</source>
        <translation>명령</translation>
    </message>
    <message>
        <source>Caption the bundled sample call with an emulated recogniser.</source>
        <translation>포함된 예시 통화를 에뮬레이터로 자막 처리합니다.</translation>
    </message>
    <message>
        <source>Captions painted: {count}</source>
        <translation>화면에 그려진 자막: {count}개</translation>
    </message>
    <message>
        <source>Channel, from 1; without it the mean of all.</source>
        <translation>채널 번호(1부터). 없으면 모든 채널의 평균.</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>채널</translation>
    </message>
    <message>
        <source>Close after EOS</source>
        <translation>EOS 뒤의 Close</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>명령</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>기본</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>장치</translation>
    </message>
    <message>
        <source>End with the delays of every stage, on standard error.</source>
        <translation>끝날 때 단계별 지연을 표준 오류로 출력합니다.</translation>
    </message>
    <message>
        <source>Final</source>
        <translation>확정 자막</translation>
    </message>
    <message>
        <source>Finalize twice</source>
        <translation>Finalize 두 번</translation>
    </message>
    <message>
        <source>Handshake</source>
        <translation>연결</translation>
    </message>
    <message>
        <source>Host API</source>
        <translation>호스트 API</translation>
    </message>
    <message>
        <source>How the emulated service behaves: measured, design.</source>
        <translation>에뮬레이터의 동작 방식: measured, design.</translation>
    </message>
    <message>
        <source>Idle limit</source>
        <translation>무음성 제한 시간</translation>
    </message>
    <message>
        <source>In the terminal, though there may be a display.</source>
        <translation>화면이 있어도 터미널에서 실행합니다.</translation>
    </message>
    <message>
        <source>Latency from the end of speech to the text, in milliseconds</source>
        <translation>말이 끝난 뒤 자막까지의 지연(밀리초)</translation>
    </message>
    <message>
        <source>Leaves them as spoken.</source>
        <translation>말한 그대로 둡니다.</translation>
    </message>
    <message>
        <source>List the input devices.</source>
        <translation>입력 장치를 나열합니다.</translation>
    </message>
    <message>
        <source>Live captions of phone and microphone audio. Without a command, the window opens.</source>
        <translation>전화와 마이크 소리의 실시간 자막. 명령이 없으면 창을 엽니다.</translation>
    </message>
    <message>
        <source>Maximum</source>
        <translation>최대</translation>
    </message>
    <message>
        <source>Measure speed and size.</source>
        <translation>속도와 크기를 측정합니다.</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>이름</translation>
    </message>
    <message>
        <source>No caption was painted. Start `captioner demo` to see why.</source>
        <translation>화면에 그려진 자막이 없습니다. `captioner demo`를 실행해 원인을 확인하세요.</translation>
    </message>
    <message>
        <source>One of {names}; else all.</source>
        <translation>다음 중 하나: {names}. 없으면 모두.</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>옵션</translation>
    </message>
    <message>
        <source>Port of this computer; 0, the default, takes a free one.</source>
        <translation>이 컴퓨터의 포트. 기본값 0은 빈 포트를 씁니다.</translation>
    </message>
    <message>
        <source>Port {port} cannot be opened; choose another one. ({detail})</source>
        <translation>포트 {port}번을 열 수 없습니다. 다른 포트를 지정하세요. ({detail})</translation>
    </message>
    <message>
        <source>Print JSON.</source>
        <translation>JSON으로 출력합니다.</translation>
    </message>
    <message>
        <source>Print the version.</source>
        <translation>버전을 출력합니다.</translation>
    </message>
    <message>
        <source>Print this help.</source>
        <translation>이 도움말을 출력합니다.</translation>
    </message>
    <message>
        <source>Prove an account and a network, step by step.</source>
        <translation>계정과 네트워크를 단계별로 확인합니다.</translation>
    </message>
    <message>
        <source>Qt cannot be loaded ({detail}). Use captioner transcribe.</source>
        <translation>Qt를 불러올 수 없습니다({detail}). captioner transcribe를 쓰세요.</translation>
    </message>
    <message>
        <source>Rate (Hz)</source>
        <translation>샘플레이트(Hz)</translation>
    </message>
    <message>
        <source>Recognise a file or a microphone and print its text.</source>
        <translation>파일이나 마이크의 말을 인식해 텍스트를 출력합니다.</translation>
    </message>
    <message>
        <source>Repeatable.</source>
        <translation>여러 번 쓸 수 있습니다.</translation>
    </message>
    <message>
        <source>Set both RTZR_CLIENT_ID and RTZR_CLIENT_SECRET, or neither.</source>
        <translation>RTZR_CLIENT_ID와 RTZR_CLIENT_SECRET을 둘 다 설정하거나 둘 다 비워 두세요.</translation>
    </message>
    <message>
        <source>Settle what the service's documents leave open; takes two minutes.</source>
        <translation>서비스 문서에 나오지 않는 동작까지 확인합니다. 2분쯤 걸립니다.</translation>
    </message>
    <message>
        <source>Sound</source>
        <translation>소리</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>단계</translation>
    </message>
    <message>
        <source>Standard output cannot be written: {detail}.</source>
        <translation>표준 출력에 쓸 수 없습니다: {detail}.</translation>
    </message>
    <message>
        <source>The emulator did not start ({detail}).</source>
        <translation>에뮬레이터를 시작하지 못했습니다({detail}).</translation>
    </message>
    <message>
        <source>The fault {fault} is not written as NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]], like close:1011@12s. ({detail})</source>
        <translation>장애 {fault}: close:1011@12s처럼 NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]] 형식으로 쓰세요. ({detail})</translation>
    </message>
    <message>
        <source>The option {option} needs a value. See: {command} --help</source>
        <translation>옵션 {option}에 값이 필요합니다. 참고: {command} --help</translation>
    </message>
    <message>
        <source>The option {option} takes no value. See: {command} --help</source>
        <translation>옵션 {option}에는 값을 줄 수 없습니다. 참고: {command} --help</translation>
    </message>
    <message>
        <source>The recording and its script cannot be used: {detail}</source>
        <translation>녹음과 대본을 쓸 수 없습니다: {detail}</translation>
    </message>
    <message>
        <source>The recording to know in place of the sample call.</source>
        <translation>예시 통화 대신 쓸 녹음 파일.</translation>
    </message>
    <message>
        <source>The service took the sound, but gave no text for it. Check the model and the domain.</source>
        <translation>서비스가 소리를 받았지만 텍스트를 보내지 않았습니다. 모델과 도메인을 확인하세요.</translation>
    </message>
    <message>
        <source>There is no benchmark {name}; there are {names}.</source>
        <translation>벤치마크 {name}: 없는 이름입니다. 쓸 수 있는 이름: {names}.</translation>
    </message>
    <message>
        <source>There is no command {command}; there are {commands}.</source>
        <translation>{command}: 없는 명령입니다. 쓸 수 있는 명령: {commands}.</translation>
    </message>
    <message>
        <source>There is no display to open a window on. Use captioner transcribe, or captioner demo --headless.</source>
        <translation>창을 열 화면이 없습니다. captioner transcribe 또는 captioner demo --headless를 쓰세요.</translation>
    </message>
    <message>
        <source>There is no fault {name}; there are {names}.</source>
        <translation>장애 {name}: 없는 이름입니다. 쓸 수 있는 이름: {names}.</translation>
    </message>
    <message>
        <source>There is no option {option}. See: {command} --help</source>
        <translation>{option}: 없는 옵션입니다. 참고: {command} --help</translation>
    </message>
    <message>
        <source>There is no option {option}; did you mean {near}? See: {command} --help</source>
        <translation>{option}: 없는 옵션입니다. 혹시 {near}인가요? 참고: {command} --help</translation>
    </message>
    <message>
        <source>There is no profile {name}; there are {names}.</source>
        <translation>프로필 {name}: 없는 이름입니다. 쓸 수 있는 이름: {names}.</translation>
    </message>
    <message>
        <source>Usage: </source>
        <translation>사용법: </translation>
    </message>
    <message>
        <source>Waiting for the idle limit: {seconds} s</source>
        <translation>무음성 제한 시간을 기다리는 중: {seconds}초</translation>
    </message>
    <message>
        <source>What goes wrong: NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]], for instance drop@12s. Repeatable.</source>
        <translation>일으킬 장애: NAME[:ARGUMENT][xCOUNT][@START[+LENGTH]], 예를 들어 drop@12s. 여러 번 쓸 수 있습니다.</translation>
    </message>
    <message>
        <source>What is said in it, and when.</source>
        <translation>그 녹음에서 언제 무슨 말을 하는지 적은 대본.</translation>
    </message>
    <message>
        <source>What the result looks like; text is the default.</source>
        <translation>결과의 형식. 기본값은 text.</translation>
    </message>
    <message>
        <source>Write the result there, as it comes.</source>
        <translation>결과를 나오는 대로 이 파일에 씁니다.</translation>
    </message>
    <message>
        <source>after the end of speech: {text}</source>
        <translation>말이 끝난 뒤: {text}</translation>
    </message>
    <message>
        <source>captioner stopped because of a defect of its own ({name}). Please report it with the note {path}, which holds nothing that was spoken.</source>
        <translation>captioner가 프로그램 결함({name})으로 멈췄습니다. 메모 {path}와 함께 알려 주세요. 메모에는 말한 내용이 들어 있지 않습니다.</translation>
    </message>
    <message>
        <source>captioner stopped because of a defect of its own ({name}). Please report it.</source>
        <translation>captioner가 프로그램 결함({name})으로 멈췄습니다. 알려 주세요.</translation>
    </message>
    <message>
        <source>closed with code {code} after {seconds} s</source>
        <translation>{seconds}초 뒤 코드 {code}로 닫힘</translation>
    </message>
    <message>
        <source>code {code} after {ms} ms</source>
        <translation>{ms} ms 뒤 코드 {code}</translation>
    </message>
    <message>
        <source>epd_time left out</source>
        <translation>epd_time 생략</translation>
    </message>
    <message>
        <source>final {ms} ms after the end of speech; with epd_time={epd} it was {base} ms</source>
        <translation>말이 끝나고 {ms} ms 뒤 확정, epd_time={epd}일 때는 {base} ms</translation>
    </message>
    <message>
        <source>inside the proxy's tunnel; the token proves it</source>
        <translation>프록시 터널 안에서 이루어지며, 토큰 단계에서 확인됩니다</translation>
    </message>
    <message>
        <source>no Close within {seconds} s</source>
        <translation>{seconds}초 안에 Close가 오지 않음</translation>
    </message>
    <message>
        <source>no final within {seconds} s of silence</source>
        <translation>무음 {seconds}초 안에 확정 자막이 오지 않음</translation>
    </message>
    <message>
        <source>no text came back</source>
        <translation>텍스트가 오지 않음</translation>
    </message>
    <message>
        <source>none</source>
        <translation>없음</translation>
    </message>
    <message>
        <source>none within {seconds} s</source>
        <translation>{seconds}초 안에 오지 않음</translation>
    </message>
    <message>
        <source>none within {seconds} s; pings were sent</source>
        <translation>{seconds}초 동안 닫히지 않음(핑은 보냄)</translation>
    </message>
    <message>
        <source>none, it is this computer</source>
        <translation>없음(이 컴퓨터)</translation>
    </message>
    <message>
        <source>the connection broke after {seconds} s</source>
        <translation>{seconds}초 뒤 연결이 끊김</translation>
    </message>
    <message>
        <source>the first one brought a final after {ms} ms, the second one another</source>
        <translation>첫 번째는 {ms} ms 뒤 확정, 두 번째도 확정을 받음</translation>
    </message>
    <message>
        <source>the first one brought a final after {ms} ms, the second one nothing</source>
        <translation>첫 번째는 {ms} ms 뒤 확정, 두 번째는 아무것도 오지 않음</translation>
    </message>
    <message>
        <source>the first one brought nothing within {seconds} s</source>
        <translation>첫 번째에 {seconds}초 동안 아무것도 오지 않음</translation>
    </message>
    <message>
        <source>then an end without a Close</source>
        <translation>이어서 Close 없이 끝남</translation>
    </message>
    <message>
        <source>none; the connection ended after {ms} ms</source>
        <translation>없음. {ms} ms 뒤에 연결이 끝났습니다</translation>
    </message>
    <message>
        <source>then Close {code}</source>
        <translation>이어서 Close {code}</translation>
    </message>
    <message>
        <source>{argument} is one argument too many. See: {command} --help</source>
        <translation>{argument}: 필요 없는 인수입니다. 참고: {command} --help</translation>
    </message>
    <message>
        <source>{device} has {count} channels; there is no channel {channel}.</source>
        <translation>{device}: 채널이 {count}개이며, {channel}번 채널은 없습니다.</translation>
    </message>
    <message>
        <source>{file} cannot be written: {detail}.</source>
        <translation>{file}: 쓸 수 없습니다({detail}).</translation>
    </message>
    <message>
        <source>{host}, looked up by the proxy</source>
        <translation>{host}, 프록시가 찾음</translation>
    </message>
    <message>
        <source>{name} is missing. See: {command} --help</source>
        <translation>{name}: 빠진 인수입니다. 참고: {command} --help</translation>
    </message>
    <message>
        <source>{option}: {value} is none of {choices}.</source>
        <translation>{option}: {value} 값은 쓸 수 없습니다. 쓸 수 있는 값: {choices}.</translation>
    </message>
    <message>
        <source>{option}: {value} is not a number.</source>
        <translation>{option}: {value} 값은 숫자가 아닙니다.</translation>
    </message>
    <message>
        <source>{option}: {value} is not a whole number from {low} on.</source>
        <translation>{option}: {value} 값은 {low} 이상의 정수가 아닙니다.</translation>
    </message>
    <message>
        <source>{option}: {value} is not a whole number from {low} to {high}.</source>
        <translation>{option}: {value} 값은 {low}에서 {high} 사이의 정수가 아닙니다.</translation>
    </message>
    <message>
        <source>{seconds} s of the sample call</source>
        <translation>예시 통화 {seconds}초</translation>
    </message>
    <message>
        <source>Sample call</source>
        <translation>예시 통화</translation>
    </message>
    <message>
        <source>Saved: {path}</source>
        <translation>저장됨: {path}</translation>
    </message>
    <message>
        <source>The keyring did not let the keys go.</source>
        <translation>키링에서 키를 지우지 못했습니다.</translation>
    </message>
    <message>
        <source>The service accepts these keys.</source>
        <translation>서비스가 이 키를 받아들입니다.</translation>
    </message>
    <message>
        <source>{path} could not be written ({detail}).</source>
        <translation>{path}에 쓸 수 없습니다 ({detail}).</translation>
    </message>
    <message>
        <source>95 % interval</source>
        <translation>95% 구간</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>정확도</translation>
    </message>
    <message>
        <source>All improvements, as designed (arithmetic, no run)</source>
        <translation>모든 개선, 설계값 (계산만, 실행 안 함)</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>기준 방식</translation>
    </message>
    <message>
        <source>Bill</source>
        <translation>사용량</translation>
    </message>
    <message>
        <source>By the time of the sound, never by order. Final: one final for the utterance. Split: several; its delay is that of the last. Merged: its final covers other utterances too; each counts from its own last sample. Lost: no final covers it. Timed out: the service had not finished with it when the way stopped waiting. Extra: finals where nobody spoke.</source>
        <translation>순서가 아니라 소리의 시각으로 짝을 짓습니다. 확정: 발화 하나에 확정 자막 하나. 나뉨: 여러 개로 나뉘었고, 지연은 마지막 것의 값입니다. 합쳐짐: 확정 자막 하나가 다른 발화까지 덮으며, 지연은 각 발화의 마지막 샘플부터 셉니다. 놓침: 덮는 확정 자막이 없습니다. 시간 초과: 기다리기를 마칠 때까지 서비스가 끝내지 못했습니다. 말 없는 곳의 자막: 아무도 말하지 않은 곳에 나온 확정 자막입니다.</translation>
    </message>
    <message>
        <source>CER with numbers</source>
        <translation>CER (숫자 통일)</translation>
    </message>
    <message>
        <source>CER, WER</source>
        <translation>CER, WER</translation>
    </message>
    <message>
        <source>Capture, conditioning, queue and display together: what this computer adds. A queue behind the way's own earlier utterance is not in it. Over the utterances that have a final.</source>
        <translation>캡처, 변환, 대기열, 표시를 더한 값으로, 이 컴퓨터가 더한 시간입니다. 같은 방식의 앞선 발화를 기다린 대기열은 넣지 않습니다. 확정 자막이 있는 발화만 셉니다.</translation>
    </message>
    <message>
        <source>Capture: until the device or file has handed the sample over. Conditioning: until it is in a frame at 8 kHz. Silence wait: until the way lets it go ({silence} s of silence where it waits). Token and connection: until they stand, where the sound had to wait for them. Queue: until it is with the socket. Recognition: network, service and its own end-pointing, until the text is back. Display: until it is painted. No stage is negative, and they add up to the total. Where a way's text ends elsewhere than the utterance, the difference goes to the silence wait of a way that waits, and to the recognition of one that streams.</source>
        <translation>캡처: 장치나 파일이 샘플을 넘겨줄 때까지. 변환: 8 kHz 프레임에 담길 때까지. 무음 대기: 방식이 보내기로 할 때까지(기다리는 방식은 무음 {silence}초). 토큰과 연결: 소리가 그것을 기다려야 했다면 준비될 때까지. 대기열: 소켓에 넘겨질 때까지. 인식: 네트워크, 서비스, 서비스의 발화 끝 판정을 거쳐 글자가 돌아올 때까지. 표시: 화면에 그려질 때까지. 음수인 단계는 없으며, 모두 더하면 합계와 같습니다. 방식이 낸 글자의 끝이 발화의 끝과 다르면, 그 차이는 기다리는 방식에서는 무음 대기에, 스트리밍 방식에서는 인식에 넣습니다.</translation>
    </message>
    <message>
        <source>Connection kept</source>
        <translation>연결 유지</translation>
    </message>
    <message>
        <source>Delay of each utterance</source>
        <translation>발화별 지연</translation>
    </message>
    <message>
        <source>Distribution</source>
        <translation>분포</translation>
    </message>
    <message>
        <source>Distribution of the totals</source>
        <translation>합계의 분포</translation>
    </message>
    <message>
        <source>Distribution of the totals of every way</source>
        <translation>방식별 합계의 분포</translation>
    </message>
    <message>
        <source>Each stage by itself: p50 / p95 in milliseconds, n</source>
        <translation>단계별 값: p50 / p95 (밀리초), n</translation>
    </message>
    <message>
        <source>End-pointing differs from the reference here by {p50} ms (p50) and {p95} ms (p95), n {n}.</source>
        <translation>여기서 소리로 찾은 끝과 정답의 차이는 {p50} ms (p50), {p95} ms (p95), n {n}입니다.</translation>
    </message>
    <message>
        <source>Entry {number} of the reference {path} is neither a word nor an utterance.</source>
        <translation>정답 {path}: {number}번째 항목이 단어도 발화도 아닙니다.</translation>
    </message>
    <message>
        <source>Erasure</source>
        <translation>지움 비율</translation>
    </message>
    <message>
        <source>Erasure, UPWR, UPSR</source>
        <translation>지움 비율, UPWR, UPSR</translation>
    </message>
    <message>
        <source>Errors against the reference: substituted + deleted + inserted, of how many. CER counts syllables without spaces and punctuation, WER words.</source>
        <translation>정답과 다른 곳입니다. 바뀜 + 빠짐 + 덧붙음, 그리고 전체 수. CER은 띄어쓰기와 문장 부호를 뺀 음절을, WER은 단어를 셉니다.</translation>
    </message>
    <message>
        <source>First interim</source>
        <translation>첫 중간 자막</translation>
    </message>
    <message>
        <source>For each utterance and repeat, the total of one way minus that of the other, in milliseconds: the median with its 95 % bootstrap interval.</source>
        <translation>발화와 반복마다 한 방식의 합계에서 다른 방식의 합계를 뺀 값(밀리초)의 중앙값과 95% 부트스트랩 구간입니다.</translation>
    </message>
    <message>
        <source>For each utterance and repeat, the total of one way minus that of the other; of these the median. The interval holds the middle 95 % of the medians of 10,000 resamples (percentile bootstrap, fixed seed). Whole recordings are resampled, because the utterances of one call are alike; where there is only one recording, its utterances, which makes the interval too narrow for other calls. Where fewer than {enough} are resampled, it cannot be relied on.</source>
        <translation>발화와 반복마다 한 방식의 합계에서 다른 방식의 합계를 뺀 값의 중앙값입니다. 구간은 10,000번 다시 뽑아 얻은 중앙값의 가운데 95%입니다(백분위 부트스트랩, 시드 고정). 한 통화 안의 발화는 서로 비슷하므로 녹음을 통째로 다시 뽑습니다. 녹음이 하나뿐이면 발화를 다시 뽑으며, 이때 구간은 다른 통화까지 말하기에는 너무 좁습니다. 다시 뽑을 것이 {enough}개보다 적으면 구간을 믿을 수 없습니다.</translation>
    </message>
    <message>
        <source>From speech to text: the ways compared</source>
        <translation>말에서 글자까지: 방식 비교</translation>
    </message>
    <message>
        <source>From the first sample of an utterance's speech to the first text shown for it, where one was shown.</source>
        <translation>발화의 첫 샘플부터 그 발화의 첫 글자가 보일 때까지입니다. 보인 것이 있을 때만 셉니다.</translation>
    </message>
    <message>
        <source>From the last sample of an utterance's speech being captured to its final text being there (on the screen, or back in the program where there is no window). The same utterances, with the same last samples, serve all ways. It is never counted from another text.</source>
        <translation>발화의 마지막 샘플이 캡처된 때부터 확정 자막이 나온 때까지입니다(화면에 그려진 때, 창이 없으면 프로그램에 돌아온 때). 모든 방식이 같은 발화, 같은 마지막 샘플을 씁니다. 다른 자막을 기준으로 재는 일은 없습니다.</translation>
    </message>
    <message>
        <source>How each number is defined</source>
        <translation>숫자의 정의</translation>
    </message>
    <message>
        <source>How much of what was shown while speech went on was taken back: erased syllables and changed words for each one of the finals, and revisions for each final.</source>
        <translation>말하는 동안 보여 준 글자를 얼마나 되돌렸는지 봅니다. 확정된 음절당 지운 음절, 확정된 단어당 바뀐 단어, 확정 자막당 수정 횟수입니다.</translation>
    </message>
    <message>
        <source>In short</source>
        <translation>요약</translation>
    </message>
    <message>
        <source>Its error on recordings whose ends are known is {p50} ms (p50) and {p95} ms (p95), n {n}.</source>
        <translation>끝을 아는 녹음에서 잰 오차는 {p50} ms (p50), {p95} ms (p95), n {n}입니다.</translation>
    </message>
    <message>
        <source>Mean, p50, p95, n</source>
        <translation>평균, p50, p95, n</translation>
    </message>
    <message>
        <source>Median</source>
        <translation>중앙값</translation>
    </message>
    <message>
        <source>Median paired difference</source>
        <translation>짝지은 차이의 중앙값</translation>
    </message>
    <message>
        <source>Median paired differences with their 95 % intervals</source>
        <translation>짝지은 차이의 중앙값과 95% 구간</translation>
    </message>
    <message>
        <source>Normalised erasure: syllables that were shown and taken back, for each syllable of the finals (below 0.2 hardly anything changes). UPWR: shown words that changed, for each word of the finals; a last word that grows does not count. UPSR: how often shown words changed, for each final. Without spaces and punctuation; none where nothing is shown before the final.</source>
        <translation>지움 비율: 보였다가 지워진 음절을 확정된 음절 수로 나눈 값입니다(0.2 미만이면 거의 바뀌지 않는 것입니다). UPWR: 보인 뒤에 바뀐 단어를 확정된 단어 수로 나눈 값이며, 마지막 단어가 길어지는 것은 세지 않습니다. UPSR: 보인 단어가 바뀐 횟수를 확정 자막 수로 나눈 값입니다. 띄어쓰기와 문장 부호는 뺍니다. 확정 전에 아무것도 보이지 않으면 값이 없습니다.</translation>
    </message>
    <message>
        <source>Outcomes</source>
        <translation>발화의 결과</translation>
    </message>
    <message>
        <source>Over all utterances and repeats of a way; n is how many. Percentiles interpolate linearly between the ordered values. An utterance without a final enters with {timeout} s and is counted; a number that rests on one is a lower bound and is written with ≥. Stages have no value there, so their n is smaller.</source>
        <translation>한 방식의 모든 발화와 모든 반복에서 구하며, n은 그 수입니다. 백분위수는 크기순으로 늘어놓은 값 사이를 직선으로 보간합니다. 확정 자막이 없는 발화는 {timeout}초로 넣고 함께 셉니다. 그런 발화에 기대는 숫자는 하한이며 ≥로 표시합니다. 그런 발화에는 단계별 값이 없어서 단계의 n은 더 작습니다.</translation>
    </message>
    <message>
        <source>Own share</source>
        <translation>이 컴퓨터의 몫</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Paired differences</source>
        <translation>짝지은 차이</translation>
    </message>
    <message>
        <source>Recordings: {count}</source>
        <translation>녹음 {count}개</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>정답</translation>
    </message>
    <message>
        <source>Repeats: {count}</source>
        <translation>반복 {count}회</translation>
    </message>
    <message>
        <source>Seconds of sound handed to the service (sent twice counts twice), connections opened and tokens granted, summed over all runs.</source>
        <translation>서비스에 보낸 소리의 길이(두 번 보내면 두 번 셉니다), 연 연결, 받은 토큰을 모든 실행에 걸쳐 더한 값입니다.</translation>
    </message>
    <message>
        <source>Stability of interims</source>
        <translation>중간 자막의 안정성</translation>
    </message>
    <message>
        <source>Stage waterfall</source>
        <translation>단계별 지연</translation>
    </message>
    <message>
        <source>Stage waterfall of every way at p50 and p95</source>
        <translation>방식별 p50과 p95의 단계별 지연</translation>
    </message>
    <message>
        <source>Stages</source>
        <translation>단계</translation>
    </message>
    <message>
        <source>Streaming, faster finals</source>
        <translation>스트리밍, 빠른 확정</translation>
    </message>
    <message>
        <source>Substituted, deleted and inserted syllables (CER) or words (WER) for each one of the reference, at the fewest possible, summed over all recordings and repeats heard to their end. Text is compared in Unicode NFC, letters and digits only; CER ignores spaces. CER with numbers: after 3개 and 세 개, 25,000원 and 이만 오천 원 are written alike.</source>
        <translation>바뀌거나 빠지거나 덧붙은 음절(CER) 또는 단어(WER)의 가장 적은 수를 정답의 길이로 나눈 값으로, 끝까지 들은 모든 녹음과 반복에 걸쳐 더합니다. 유니코드 NFC로 맞춘 뒤 글자와 숫자만 비교하며, CER은 띄어쓰기를 보지 않습니다. 숫자 통일 CER은 3개와 세 개, 25,000원과 이만 오천 원을 같게 적은 뒤의 값입니다.</translation>
    </message>
    <message>
        <source>Texts against the reference</source>
        <translation>정답과 비교한 글</translation>
    </message>
    <message>
        <source>Texts side by side</source>
        <translation>나란히 본 글</translation>
    </message>
    <message>
        <source>The channel of entry {number} in the reference {path} is not a whole number from 1.</source>
        <translation>정답 {path}: {number}번째 항목의 채널이 1 이상의 정수가 아닙니다.</translation>
    </message>
    <message>
        <source>The comparison was stopped before its end; it counts what was done until then.</source>
        <translation>비교가 끝나기 전에 멈추었습니다. 그때까지 한 것만 셉니다.</translation>
    </message>
    <message>
        <source>The emulator does not know what is said in {name}: only a reference with times (.json) that fit the sound tells it.</source>
        <translation>에뮬레이터는 {name}에서 무슨 말을 하는지 모릅니다. 소리와 시각이 맞는 정답(.json)이 있어야 압니다.</translation>
    </message>
    <message>
        <source>The ends of speech are those of the reference's words.</source>
        <translation>말의 끝은 정답에 적힌 단어의 시각입니다.</translation>
    </message>
    <message>
        <source>The ends of speech were found in the sound by end-pointing, once for all ways.</source>
        <translation>말의 끝은 소리에서 한 번 찾아 모든 방식에 똑같이 썼습니다.</translation>
    </message>
    <message>
        <source>The reference does not tell which of its words belong to which utterance, so the texts are compared as a whole, from the first run of each way.</source>
        <translation>정답만으로는 어느 말이 어느 발화의 것인지 알 수 없어서 글 전체를 비교합니다. 각 방식의 첫 실행에서 나온 글입니다.</translation>
    </message>
    <message>
        <source>The reference {path} belongs to no recording. Name it like its recording, or give one for each recording in their order.</source>
        <translation>정답 {path}: 어느 녹음의 것인지 알 수 없습니다. 녹음과 같은 이름을 붙이거나, 녹음마다 하나씩 차례대로 주세요.</translation>
    </message>
    <message>
        <source>The reference {path} cannot be read ({detail}).</source>
        <translation>정답 {path}: 읽을 수 없습니다({detail}).</translation>
    </message>
    <message>
        <source>The reference {path} holds no subtitle with its times.</source>
        <translation>정답 {path}: 시각이 있는 자막이 없습니다.</translation>
    </message>
    <message>
        <source>The reference {path} holds no words.</source>
        <translation>정답 {path}: 단어가 하나도 없습니다.</translation>
    </message>
    <message>
        <source>The reference {path} is no text that can be read. Save it as UTF-8, UTF-16 or CP949.</source>
        <translation>정답 {path}: 읽을 수 있는 글이 아닙니다. UTF-8, UTF-16 또는 CP949로 저장해 주세요.</translation>
    </message>
    <message>
        <source>The reference {path} is none of .txt, .json and .srt.</source>
        <translation>정답 {path}: .txt, .json, .srt 가운데 하나가 아닙니다.</translation>
    </message>
    <message>
        <source>The reference {path} is not JSON. Save plain text as .txt.</source>
        <translation>정답 {path}: JSON이 아닙니다. 일반 글은 .txt로 저장해 주세요.</translation>
    </message>
    <message>
        <source>The reference {path} is too large to be the text of a recording.</source>
        <translation>정답 {path}: 녹음의 글이라고 보기에는 너무 큽니다.</translation>
    </message>
    <message>
        <source>The reference {reference} does not match {name}: no way comes nearer to it than {rate} CER. It is left out of the accuracy.</source>
        <translation>정답 {reference}: {name} 녹음과 맞지 않습니다. 가장 가까운 방식도 CER {rate}입니다. 정확도에서 뺐습니다.</translation>
    </message>
    <message>
        <source>The report cannot be written to {path} ({detail}).</source>
        <translation>보고서를 쓸 수 없습니다: {path} ({detail}).</translation>
    </message>
    <message>
        <source>The share of all utterances whose final text was there within a time after the end of speech.</source>
        <translation>말이 끝난 뒤 그 시간 안에 확정 자막이 나온 발화의 비율입니다.</translation>
    </message>
    <message>
        <source>The share of all utterances whose final was there within a time (empirical distribution function). A line that does not reach 100 % has utterances without a final.</source>
        <translation>그 시간 안에 확정 자막이 나온 발화의 비율입니다(경험적 분포 함수). 선이 100%에 닿지 않으면 확정 자막이 없는 발화가 있는 것입니다.</translation>
    </message>
    <message>
        <source>The stages of the utterance whose total is the percentile, or between the two around it, so that they add up to it. The percentiles of single stages, in the table, do not.</source>
        <translation>합계가 그 백분위수인 발화의 단계, 또는 그 앞뒤 두 발화 사이를 보간한 단계라서, 더하면 백분위수와 같습니다. 표에 있는 단계별 백분위수는 더해도 같지 않습니다.</translation>
    </message>
    <message>
        <source>The times of entry {number} in the reference {path} cannot be used. Give start and stop in seconds.</source>
        <translation>정답 {path}: {number}번째 항목의 시각을 쓸 수 없습니다. start와 stop을 초로 적어 주세요.</translation>
    </message>
    <message>
        <source>Fewer than {enough} were resampled: the interval cannot be relied on.</source>
        <translation>다시 뽑은 것이 {enough}개보다 적어서 구간을 믿을 수 없습니다.</translation>
    </message>
    <message>
        <source>There is only one recording, so its utterances were resampled: the interval is too narrow for other calls.</source>
        <translation>녹음이 하나뿐이라 발화를 다시 뽑았습니다. 다른 통화까지 말하기에는 구간이 너무 좁습니다.</translation>
    </message>
    <message>
        <source>Token cached</source>
        <translation>토큰 재사용</translation>
    </message>
    <message>
        <source>Total from the end of speech to the final text, in milliseconds</source>
        <translation>말이 끝난 때부터 확정 자막까지의 합계 (밀리초)</translation>
    </message>
    <message>
        <source>Total: from the end of speech to the final text. {anchors}</source>
        <translation>합계는 말이 끝난 때부터 확정 자막까지입니다. {anchors}</translation>
    </message>
    <message>
        <source>Totals in milliseconds, from the last sample of each utterance's speech to its final text; a cell is the mean over the repeats.</source>
        <translation>발화의 마지막 샘플부터 확정 자막까지의 합계(밀리초)입니다. 칸의 값은 반복의 평균입니다.</translation>
    </message>
    <message>
        <source>Utterances: {count}</source>
        <translation>발화 {count}개</translation>
    </message>
    <message>
        <source>Way</source>
        <translation>방식</translation>
    </message>
    <message>
        <source>What became of the utterances, matched by the time of their sound.</source>
        <translation>소리의 시각으로 짝지은 발화가 어떻게 되었는지 봅니다.</translation>
    </message>
    <message>
        <source>What each way asked of the service, over all its runs.</source>
        <translation>방식마다 모든 실행에서 서비스에 요청한 양입니다.</translation>
    </message>
    <message>
        <source>What each way made of each utterance the first time it heard it, with its total. Differences are marked against the reference where it has times, else against the first way.</source>
        <translation>각 방식이 발화를 처음 들었을 때 낸 글과 합계입니다. 정답에 시각이 있으면 정답과, 없으면 첫 방식과 다른 곳을 표시합니다.</translation>
    </message>
    <message>
        <source>Where the time goes between the last sample of speech and the text, for the utterance at the median and at the 95th percentile of each way, in milliseconds. The stages of a bar add up to its total.</source>
        <translation>말의 마지막 샘플부터 글자까지 시간이 어디에 쓰였는지, 방식마다 중앙값과 95번째 백분위수의 발화로 보여 줍니다(밀리초). 막대의 단계를 모두 더하면 합계입니다.</translation>
    </message>
    <message>
        <source>connections</source>
        <translation>연결</translation>
    </message>
    <message>
        <source>deleted</source>
        <translation>빠짐</translation>
    </message>
    <message>
        <source>extra</source>
        <translation>말 없는 곳의 자막</translation>
    </message>
    <message>
        <source>final</source>
        <translation>확정</translation>
    </message>
    <message>
        <source>finals</source>
        <translation>확정 자막</translation>
    </message>
    <message>
        <source>finals with interims</source>
        <translation>중간 자막이 있던 것</translation>
    </message>
    <message>
        <source>from the end of speech to the final text, ms</source>
        <translation>말이 끝난 때부터 확정 자막까지, ms</translation>
    </message>
    <message>
        <source>incomplete runs</source>
        <translation>불완전한 실행</translation>
    </message>
    <message>
        <source>inserted</source>
        <translation>덧붙음</translation>
    </message>
    <message>
        <source>interims</source>
        <translation>중간 자막</translation>
    </message>
    <message>
        <source>its text stands with utterance {others}</source>
        <translation>이 글은 발화 {others}에 있습니다</translation>
    </message>
    <message>
        <source>lost</source>
        <translation>놓침</translation>
    </message>
    <message>
        <source>mean</source>
        <translation>평균</translation>
    </message>
    <message>
        <source>merged</source>
        <translation>합쳐짐</translation>
    </message>
    <message>
        <source>n {n}, {count} without a final</source>
        <translation>n {n}, 확정 없음 {count}</translation>
    </message>
    <message>
        <source>no final</source>
        <translation>확정 없음</translation>
    </message>
    <message>
        <source>no text</source>
        <translation>글 없음</translation>
    </message>
    <message>
        <source>number written differently</source>
        <translation>숫자 표기만 다름</translation>
    </message>
    <message>
        <source>recognised by {service}</source>
        <translation>인식: {service}</translation>
    </message>
    <message>
        <source>recording ({count})</source>
        <translation>녹음 ({count}개)</translation>
    </message>
    <message>
        <source>resampled by</source>
        <translation>다시 뽑은 단위</translation>
    </message>
    <message>
        <source>runs</source>
        <translation>실행</translation>
    </message>
    <message>
        <source>sends all the time over one connection opened beforehand; the service ends utterances</source>
        <translation>미리 열어 둔 연결 하나로 계속 보내고, 발화의 끝은 서비스가 정합니다</translation>
    </message>
    <message>
        <source>sends all the time over one connection opened beforehand; this program ends utterances</source>
        <translation>미리 열어 둔 연결 하나로 계속 보내고, 발화의 끝은 이 프로그램이 정합니다</translation>
    </message>
    <message>
        <source>sends an utterance when it is over, with a new connection for each; the token is kept</source>
        <translation>발화가 끝나면 보내며, 발화마다 연결을 새로 엽니다. 토큰은 다시 씁니다</translation>
    </message>
    <message>
        <source>sends an utterance when it is over, with a new token and a new connection for each</source>
        <translation>발화가 끝나면 보내며, 발화마다 토큰과 연결을 새로 만듭니다</translation>
    </message>
    <message>
        <source>sends an utterance when it is over; token and connection are kept</source>
        <translation>발화가 끝나면 보내며, 토큰과 연결을 계속 씁니다</translation>
    </message>
    <message>
        <source>slower →</source>
        <translation>느림 →</translation>
    </message>
    <message>
        <source>sound lost, s</source>
        <translation>잃은 소리, 초</translation>
    </message>
    <message>
        <source>sound played, s</source>
        <translation>들려준 소리, 초</translation>
    </message>
    <message>
        <source>sound sent, s</source>
        <translation>보낸 소리, 초</translation>
    </message>
    <message>
        <source>split</source>
        <translation>나뉨</translation>
    </message>
    <message>
        <source>substituted</source>
        <translation>바뀜</translation>
    </message>
    <message>
        <source>timed out</source>
        <translation>시간 초과</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>토큰</translation>
    </message>
    <message>
        <source>utterance ({count}, of the only recording)</source>
        <translation>발화 ({count}개, 녹음이 하나뿐)</translation>
    </message>
    <message>
        <source>{errors} of {n}</source>
        <translation>{errors} / {n}</translation>
    </message>
    <message>
        <source>{name}, channel {channel}</source>
        <translation>{name}, 채널 {channel}</translation>
    </message>
    <message>
        <source>{name}: no speech was found, so there is nothing to compare.</source>
        <translation>{name}: 말소리를 찾지 못해 비교할 것이 없습니다.</translation>
    </message>
    <message>
        <source>{seconds} s of sound</source>
        <translation>소리 {seconds}초</translation>
    </message>
    <message>
        <source>{way} against {other}</source>
        <translation>{way} 대 {other}</translation>
    </message>
    <message>
        <source>{way} and {other} do not differ with certainty: median paired difference {median} ms, 95 % interval {low} to {high} ms, n {n}, resampled by {clusters}.</source>
        <translation>{way} 대 {other}: 확실한 차이가 없습니다. 짝지은 차이의 중앙값 {median} ms, 95% 구간 {low} ~ {high} ms, n {n}, 다시 뽑은 단위: {clusters}.</translation>
    </message>
    <message>
        <source>{way} ended early: {reason}</source>
        <translation>{way}: 일찍 끝났습니다. {reason}</translation>
    </message>
    <message>
        <source>{way} against {other}: median paired difference {median} ms, n {n}, resampled by {clusters}. These are fewer than {enough}: the 95 % interval, {low} to {high} ms, cannot be relied on.</source>
        <translation>{way} 대 {other}: 짝지은 차이의 중앙값 {median} ms, n {n}, 다시 뽑은 단위: {clusters}. {enough}개보다 적어서 95% 구간({low} ~ {high} ms)은 믿을 수 없습니다.</translation>
    </message>
    <message>
        <source>{way} is {ms} ms faster than {other}: median paired difference, 95 % interval {low} to {high} ms, n {n}, resampled by {clusters}.</source>
        <translation>{way} 대 {other}: {ms} ms 빠릅니다. 짝지은 차이의 중앙값, 95% 구간 {low} ~ {high} ms, n {n}, 다시 뽑은 단위: {clusters}.</translation>
    </message>
    <message>
        <source>{way} is {ms} ms slower than {other}: median paired difference, 95 % interval {low} to {high} ms, n {n}, resampled by {clusters}.</source>
        <translation>{way} 대 {other}: {ms} ms 느립니다. 짝지은 차이의 중앙값, 95% 구간 {low} ~ {high} ms, n {n}, 다시 뽑은 단위: {clusters}.</translation>
    </message>
    <message>
        <source>{way}: incomplete runs: {count} of {runs}; {seconds} s of sound were lost.</source>
        <translation>{way}: 실행 {runs}번 가운데 {count}번이 불완전하며, 소리 {seconds}초를 잃었습니다.</translation>
    </message>
    <message>
        <source>{way}: no final for {count} of {n} utterances; each counts with {timeout} s, which is a lower bound.</source>
        <translation>{way}: 발화 {n}개 가운데 {count}개에 확정 자막이 없습니다. 각각 {timeout}초로 세며, 이는 하한입니다.</translation>
    </message>
    <message>
        <source>{way}: runs done: {count} of {due}.</source>
        <translation>{way}: 실행 {due}번 가운데 {count}번을 마쳤습니다.</translation>
    </message>
    <message>
        <source>← faster</source>
        <translation>← 빠름</translation>
    </message>
    <message>
        <source>--profile starts a service of its own: leave --endpoint out, or --profile.</source>
        <translation>--profile은 서비스를 직접 시작합니다. --endpoint나 --profile 가운데 하나를 빼세요.</translation>
    </message>
    <message>
        <source>Compare ways of getting from speech to text on the same recordings.</source>
        <translation>말소리가 글이 되는 여러 방식을 같은 녹음으로 비교합니다.</translation>
    </message>
    <message>
        <source>WAV or FLAC files, heard one after another.</source>
        <translation>WAV 또는 FLAC 파일. 차례로 듣습니다.</translation>
    </message>
    <message>
        <source>What is said in them: .txt, .json or .srt, named like its recording or in their order.</source>
        <translation>녹음에서 실제로 한 말: .txt, .json, .srt. 이름이 녹음과 같거나 순서가 같아야 합니다.</translation>
    </message>
    <message>
        <source>Which of baseline, token-cached, connection-kept, streaming, streaming-finalize; all of them without it.</source>
        <translation>baseline, token-cached, connection-kept, streaming, streaming-finalize 가운데 비교할 방식. 없으면 모두 비교합니다.</translation>
    </message>
    <message>
        <source>Each channel is a recording of its own; else their mean.</source>
        <translation>채널마다 따로 녹음으로 다룹니다. 없으면 평균을 씁니다.</translation>
    </message>
    <message>
        <source>How often each way hears each recording.</source>
        <translation>방식마다 녹음 하나를 몇 번 듣는지.</translation>
    </message>
    <message>
        <source>Start an emulator that behaves like this, in place of the service: measured, design.</source>
        <translation>서비스 대신 이렇게 동작하는 에뮬레이터를 시작합니다: measured, design.</translation>
    </message>
    <message>
        <source>Write report.html, utterances.csv and report.json there.</source>
        <translation>이 폴더에 report.html, utterances.csv, report.json을 씁니다.</translation>
    </message>
    <message>
        <source>Your company does not allow the way {name}; it allows {names}.</source>
        <translation>회사에서 {name} 방식을 허용하지 않았습니다. 허용된 방식: {names}.</translation>
    </message>
    <message>
        <source>Your company does not allow these ways, so they were left out: {names}.</source>
        <translation>회사에서 허용하지 않은 방식은 뺐습니다: {names}.</translation>
    </message>
    <message>
        <source>Your company does not allow {ways} with the service: leave it out, or let an emulator recognise.</source>
        <translation>회사에서 {ways} 방식으로 서비스에 연결하는 것을 허용하지 않았습니다. 이 방식을 빼거나 에뮬레이터가 인식하게 하세요.</translation>
    </message>
    <message>
        <source>There is no way {name}; there are {names}.</source>
        <translation>{name} 방식은 없습니다. 있는 방식: {names}.</translation>
    </message>
    <message>
        <source>{file} is given twice; use --repeat to hear it more often.</source>
        <translation>{file} 파일이 두 번 나왔습니다. 여러 번 들으려면 --repeat을 쓰세요.</translation>
    </message>
    <message>
        <source>The comparison was stopped before its first run.</source>
        <translation>첫 실행이 끝나기 전에 비교를 멈췄습니다.</translation>
    </message>
    <message>
        <source>The report is in {path}.</source>
        <translation>보고서: {path}</translation>
    </message>
    <message>
        <source>an emulator on this computer, profile {profile}</source>
        <translation>이 컴퓨터의 에뮬레이터, 프로필 {profile}</translation>
    </message>
    <message>
        <source>{name}, run {repeat} of {repeats}</source>
        <translation>{name}, 실행 {repeat}/{repeats}</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>{time} 남음</translation>
    </message>
    <message>
        <source>1 channel</source>
        <translation>채널 1개</translation>
    </message>
    <message>
        <source>A defect of this program ended the comparison; what was done is kept.</source>
        <translation>프로그램의 결함으로 비교가 끝났습니다. 그때까지 한 것은 남아 있습니다.</translation>
    </message>
    <message>
        <source>A comparison is running: captions start when it is over or cancelled.</source>
        <translation>비교가 진행 중입니다. 비교가 끝나거나 취소된 뒤에 자막을 시작할 수 있습니다.</translation>
    </message>
    <message>
        <source>Add a recording, or choose the microphone.</source>
        <translation>녹음을 추가하거나 마이크를 선택하세요.</translation>
    </message>
    <message>
        <source>Add recordings</source>
        <translation>녹음 추가</translation>
    </message>
    <message>
        <source>Add…</source>
        <translation>추가…</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>모든 파일</translation>
    </message>
    <message>
        <source>All ways hear the microphone at the same time, until you finish, for {minutes} minutes at most. The sound is not kept.</source>
        <translation>모든 방식이 마이크를 동시에 듣습니다. 마칠 때까지, 최대 {minutes}분 동안 듣습니다. 소리는 저장하지 않습니다.</translation>
    </message>
    <message>
        <source>All ways hear the microphone at the same time. These need {count} connections, and the service allows {limit}: leave one out.</source>
        <translation>모든 방식이 마이크를 동시에 듣습니다. 지금 고른 방식에는 연결이 {count}개 필요하지만 서비스는 {limit}개까지 허용합니다. 하나를 빼세요.</translation>
    </message>
    <message>
        <source>An emulator on this computer plays the recogniser: nothing leaves it, and nothing is billed.</source>
        <translation>이 컴퓨터의 에뮬레이터가 인식기를 대신합니다. 소리는 이 컴퓨터를 벗어나지 않고, 요금도 들지 않습니다.</translation>
    </message>
    <message>
        <source>At least one connection for each way is opened to {service}, up to {count} at the same time, and what each of them is sent is billed.</source>
        <translation>{service}에 방식마다 적어도 하나씩, 동시에 최대 {count}개의 연결을 엽니다. 연결마다 보낸 소리만큼 요금이 부과됩니다.</translation>
    </message>
    <message>
        <source>Cancelled; what was done is kept</source>
        <translation>취소함 · 그때까지 한 것은 남아 있음</translation>
    </message>
    <message>
        <source>Captions are running. Stop them in the main window: a comparison never runs beside them.</source>
        <translation>자막이 진행 중입니다. 비교는 자막과 함께 진행되지 않으므로, 먼저 기본 창에서 자막을 중지하세요.</translation>
    </message>
    <message>
        <source>Choose a way.</source>
        <translation>방식을 선택하세요.</translation>
    </message>
    <message>
        <source>Choose what is compared</source>
        <translation>비교할 것을 선택하세요</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Compare ways from speech to text</source>
        <translation>말이 글이 되는 여러 방식을 비교</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>완료</translation>
    </message>
    <message>
        <source>Each channel by itself</source>
        <translation>채널마다 따로</translation>
    </message>
    <message>
        <source>Emulator on this computer: {profile}</source>
        <translation>이 컴퓨터의 에뮬레이터: {profile}</translation>
    </message>
    <message>
        <source>Ended early; what was done is kept</source>
        <translation>일찍 끝남 · 그때까지 한 것은 남아 있음</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>마치기</translation>
    </message>
    <message>
        <source>Folder for the report</source>
        <translation>보고서를 저장할 폴더</translation>
    </message>
    <message>
        <source>Heard by: {ways}</source>
        <translation>듣는 방식: {ways}</translation>
    </message>
    <message>
        <source>It takes about {minutes} min.</source>
        <translation>약 {minutes}분 걸립니다.</translation>
    </message>
    <message>
        <source>Microphone</source>
        <translation>마이크</translation>
    </message>
    <message>
        <source>No speech was found, so there is nothing to compare.</source>
        <translation>말소리가 없어 비교할 것이 없습니다.</translation>
    </message>
    <message>
        <source>None of these files can be used.</source>
        <translation>쓸 수 있는 파일이 없습니다.</translation>
    </message>
    <message>
        <source>One connection is opened to {service}, and what it is sent is billed.</source>
        <translation>{service}에 연결 하나를 열고, 보낸 소리만큼 요금이 부과됩니다.</translation>
    </message>
    <message>
        <source>Preparing: {name}</source>
        <translation>준비 중: {name}</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>진행</translation>
    </message>
    <message>
        <source>Recording</source>
        <translation>녹음</translation>
    </message>
    <message>
        <source>Recordings</source>
        <translation>녹음</translation>
    </message>
    <message>
        <source>Recordings and references</source>
        <translation>녹음과 정답</translation>
    </message>
    <message>
        <source>Recordings, and references that are named like them; they can be dropped here too</source>
        <translation>녹음과, 녹음과 이름이 같은 정답을 추가합니다. 여기로 끌어다 놓아도 됩니다</translation>
    </message>
    <message>
        <source>References</source>
        <translation>정답</translation>
    </message>
    <message>
        <source>Reference…</source>
        <translation>정답…</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>빼기</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>결과</translation>
    </message>
    <message>
        <source>RTZR, the real service</source>
        <translation>RTZR, 실제 서비스</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>반복</translation>
    </message>
    <message>
        <source>Save here</source>
        <translation>여기에 저장</translation>
    </message>
    <message>
        <source>Save report…</source>
        <translation>보고서 저장…</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>나란히 보기</translation>
    </message>
    <message>
        <source>The file is being looked at.</source>
        <translation>파일을 살펴보는 중입니다.</translation>
    </message>
    <message>
        <source>The files are still being looked at.</source>
        <translation>아직 파일을 살펴보는 중입니다.</translation>
    </message>
    <message>
        <source>The results are shown here when the comparison is over.</source>
        <translation>비교가 끝나면 여기에 결과가 표시됩니다.</translation>
    </message>
    <message>
        <source>Waiting for the last words</source>
        <translation>마지막 말을 기다리는 중</translation>
    </message>
    <message>
        <source>Way on the left</source>
        <translation>왼쪽 방식</translation>
    </message>
    <message>
        <source>Way on the right</source>
        <translation>오른쪽 방식</translation>
    </message>
    <message>
        <source>Ways from speech to text</source>
        <translation>말이 글이 되는 방식</translation>
    </message>
    <message>
        <source>What is compared</source>
        <translation>비교할 것</translation>
    </message>
    <message>
        <source>What is heard</source>
        <translation>들을 것</translation>
    </message>
    <message>
        <source>What is said in it</source>
        <translation>이 녹음에서 한 말</translation>
    </message>
    <message>
        <source>What the ways make of the sound is shown here while they hear it.</source>
        <translation>방식들이 소리를 듣는 동안 알아들은 글이 여기에 표시됩니다.</translation>
    </message>
    <message>
        <source>Who recognises</source>
        <translation>인식기</translation>
    </message>
    <message>
        <source>Without reference</source>
        <translation>정답 없이</translation>
    </message>
    <message>
        <source>different</source>
        <translation>다름</translation>
    </message>
    <message>
        <source>no reference</source>
        <translation>정답 없음</translation>
    </message>
    <message>
        <source>only here</source>
        <translation>여기에만 있음</translation>
    </message>
    <message>
        <source>reference: {name}</source>
        <translation>정답: {name}</translation>
    </message>
    <message>
        <source>{count} channels</source>
        <translation>채널 {count}개</translation>
    </message>
    <message>
        <source>{name} is in the list already.</source>
        <translation>{name}: 이미 목록에 있습니다.</translation>
    </message>
    <message>
        <source>{name} · {time} of at most {limit}</source>
        <translation>{name} · {time} / 최대 {limit}</translation>
    </message>
    <message>
        <source>--out is the recording itself; choose another file.</source>
        <translation>--out이 기록 파일 자신입니다. 다른 파일을 고르세요.</translation>
    </message>
    <message>
        <source>--record and --out are the same file; choose another one.</source>
        <translation>--record와 --out이 같은 파일입니다. 다른 파일을 고르세요.</translation>
    </message>
    <message>
        <source>--record is the recording itself; choose another file.</source>
        <translation>--record가 기록 파일 자신입니다. 다른 파일을 고르세요.</translation>
    </message>
    <message>
        <source>--record is the source itself; choose another file.</source>
        <translation>--record가 원본 파일입니다. 다른 파일을 고르세요.</translation>
    </message>
    <message>
        <source>Captions are not kept for after a crash. {reason}</source>
        <translation>비정상 종료에 대비한 자막 보관을 하지 못합니다. {reason}</translation>
    </message>
    <message>
        <source>Captions that were not saved</source>
        <translation>저장되지 않은 자막</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>닫기</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>삭제</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>완전히 삭제</translation>
    </message>
    <message>
        <source>From the next start on, writes down everything that is heard, for captioner replay. The recordings hold the speech itself; they stay on this computer, encrypted, and only the newest five are kept.</source>
        <translation>다음 시작부터 들리는 모든 것을 기록해 captioner replay로 재현할 수 있게 합니다. 기록에는 말소리가 그대로 들어 있습니다. 암호화해 이 컴퓨터에만 두며, 최근 다섯 개만 보관합니다.</translation>
    </message>
    <message>
        <source>Live through a recording again, at once and without a network: the same text, the same delays.</source>
        <translation>기록을 네트워크 없이 즉시 재현합니다. 글자와 지연이 그대로 나옵니다.</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>개인정보</translation>
    </message>
    <message>
        <source>Record for finding faults</source>
        <translation>문제 확인용 기록</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>저장…</translation>
    </message>
    <message>
        <source>The disk does not keep up. Close what else is using it, or choose another disk.</source>
        <translation>디스크가 따라오지 못합니다. 디스크를 쓰는 다른 프로그램을 닫거나 다른 디스크를 고르세요.</translation>
    </message>
    <message>
        <source>The file cannot be written. Check the folder's permissions, and the space on the disk.</source>
        <translation>파일에 쓸 수 없습니다. 폴더의 권한과 디스크의 빈 공간을 확인하세요.</translation>
    </message>
    <message>
        <source>The file has become as long as it may be. Stop and start for a new one.</source>
        <translation>파일이 최대 길이에 이르렀습니다. 중지했다가 다시 시작하면 새 파일에 기록합니다.</translation>
    </message>
    <message>
        <source>The program ended unexpectedly; its captions of {time} were not saved. They are kept here, encrypted, until {date}.</source>
        <translation>프로그램이 예기치 않게 끝나 {time}에 시작한 자막이 저장되지 않았습니다. {date}까지 이 컴퓨터에 암호화해 보관합니다.</translation>
    </message>
    <message>
        <source>This computer has no keyring, or it is locked. Set one up, or unlock it.</source>
        <translation>이 컴퓨터에 키링이 없거나 잠겨 있습니다. 키링을 만들거나 잠금을 푸세요.</translation>
    </message>
    <message>
        <source>This computer has no keyring: captions that are not saved are lost if the program crashes.</source>
        <translation>이 컴퓨터에는 키링이 없어, 프로그램이 비정상 종료되면 저장하지 않은 자막을 되살릴 수 없습니다.</translation>
    </message>
    <message>
        <source>View</source>
        <translation>보기</translation>
    </message>
    <message>
        <source>What `transcribe --record` or the window has recorded.</source>
        <translation>`transcribe --record`나 창에서 기록한 파일.</translation>
    </message>
    <message>
        <source>What is heard is being recorded, encrypted, in {folder}.</source>
        <translation>들리는 내용을 암호화해 기록하고 있습니다: {folder}</translation>
    </message>
    <message>
        <source>Write down there everything that the run hears, for `captioner replay`. The file holds the speech itself, not encrypted; only you can open it.</source>
        <translation>실행 중 들리는 모든 것을 그 파일에 기록해 `captioner replay`로 재현할 수 있게 합니다. 파일에는 말소리가 암호화되지 않은 채 그대로 들어 있으며, 본인만 열 수 있습니다.</translation>
    </message>
    <message>
        <source>Write the recording there, not encrypted, so that another computer can replay it.</source>
        <translation>다른 컴퓨터에서도 재현할 수 있도록 기록을 암호화하지 않고 그 파일에 씁니다.</translation>
    </message>
    <message>
        <source>{name}: the recording ended early. {reason}</source>
        <translation>{name}: 기록이 도중에 끝났습니다. {reason}</translation>
    </message>
    <message>
        <source>{path} holds no recording that can be replayed.</source>
        <translation>{path}: 재현할 수 있는 기록이 들어 있지 않습니다.</translation>
    </message>
    <message>
        <source>{path} is cut or damaged: it was replayed as far as it goes.</source>
        <translation>{path}: 기록이 잘렸거나 손상되어 읽을 수 있는 데까지만 재현했습니다.</translation>
    </message>
    <message>
        <source>{path} is encrypted, and this computer's keyring does not hold its key. Replay it where it was recorded; there, --record makes a copy that opens everywhere.</source>
        <translation>{path}: 암호화된 기록인데 이 컴퓨터의 키링에 그 키가 없습니다. 기록한 컴퓨터에서 재현하세요. 거기서 --record를 쓰면 어디서나 열리는 사본을 만들 수 있습니다.</translation>
    </message>
    <message>
        <source>{path} is no recording. Make one with captioner transcribe --record FILE.</source>
        <translation>{path}: 기록 파일이 아닙니다. captioner transcribe --record FILE로 만드세요.</translation>
    </message>
    <message>
        <source>{path} is the recording of another version of captioner; replay it with that.</source>
        <translation>{path}: 다른 버전의 captioner가 만든 기록입니다. 그 버전으로 재현하세요.</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>나중에</translation>
    </message>
    <message>
        <source>{variable} names no program that can be started: {path}</source>
        <translation>{variable}: 시작할 수 있는 프로그램이 아닙니다: {path}</translation>
    </message>
    <message>
        <source>About</source>
        <translation>정보</translation>
    </message>
    <message>
        <source>About Captioner</source>
        <translation>Captioner 정보</translation>
    </message>
    <message>
        <source>Version {version}</source>
        <translation>버전 {version}</translation>
    </message>
    <message>
        <source>Live captions of phone and microphone audio, with the latency of every stage.</source>
        <translation>통화와 마이크 소리를 실시간 자막으로, 단계별 지연 시간과 함께 보여 줍니다.</translation>
    </message>
    <message>
        <source>Captioner is free software under the MIT licence. It uses Qt and PySide6 under the LGPL, version 3; you may replace them with your own, and the licences say how.</source>
        <translation>Captioner는 MIT 라이선스를 따르는 자유 소프트웨어입니다. Qt와 PySide6는 LGPL 제3판에 따라 사용하며, 직접 고친 판으로 바꿀 수 있습니다. 방법은 라이선스에 적혀 있습니다.</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>라이선스</translation>
    </message>
    <message>
        <source>--add and --remove are two commands: give one of them.</source>
        <translation>--add와 --remove는 서로 다른 명령입니다. 하나만 쓰십시오.</translation>
    </message>
    <message>
        <source>--cert and --key need each other.</source>
        <translation>--cert와 --key는 함께 써야 합니다.</translation>
    </message>
    <message>
        <source>Address to listen on; else this computer only.</source>
        <translation>요청을 받을 주소입니다. 없으면 이 컴퓨터에서 오는 요청만 받습니다.</translation>
    </message>
    <message>
        <source>Another address than this computer's without TLS: a proxy in front of it encrypts.</source>
        <translation>이 컴퓨터가 아닌 주소에서 TLS 없이 받습니다. 앞에 있는 프록시가 암호화할 때 씁니다.</translation>
    </message>
    <message>
        <source>Certificate chain for TLS, PEM.</source>
        <translation>TLS 인증서 체인입니다(PEM).</translation>
    </message>
    <message>
        <source>Days of keeping</source>
        <translation>보관 일수</translation>
    </message>
    <message>
        <source>Desk key</source>
        <translation>자리 키</translation>
    </message>
    <message>
        <source>Forget the desk key</source>
        <translation>자리 키 지우기</translation>
    </message>
    <message>
        <source>Give the tokens of one RTZR account to the desks of a company, each with a key of its own. Their policy names it: {policy}</source>
        <translation>한 RTZR 계정의 토큰을 회사의 각 자리에 나누어 줍니다. 자리마다 자기 키가 있고, 정책 파일이 이 서비스를 가리킵니다: {policy}</translation>
    </message>
    <message>
        <source>Hide long numbers</source>
        <translation>긴 번호 가리기</translation>
    </message>
    <message>
        <source>It cannot be read ({detail}).</source>
        <translation>읽을 수 없습니다({detail}).</translation>
    </message>
    <message>
        <source>It is no JSON from line {line} on.</source>
        <translation>{line}번째 줄부터 JSON이 아닙니다.</translation>
    </message>
    <message>
        <source>It is no JSON object.</source>
        <translation>JSON 객체가 아닙니다.</translation>
    </message>
    <message>
        <source>It is no absolute path, so it would depend on where the program is started.</source>
        <translation>절대 경로가 아니어서 프로그램을 시작한 위치에 따라 달라집니다.</translation>
    </message>
    <message>
        <source>It is no list of {modes}.</source>
        <translation>{modes} 중에서 고른 목록이 아닙니다.</translation>
    </message>
    <message>
        <source>It is no setting that a policy can hold.</source>
        <translation>정책에 둘 수 있는 설정이 아닙니다.</translation>
    </message>
    <message>
        <source>It is no text.</source>
        <translation>문자열이 아닙니다.</translation>
    </message>
    <message>
        <source>It is not UTF-8 text.</source>
        <translation>UTF-8 텍스트가 아닙니다.</translation>
    </message>
    <message>
        <source>It is there twice.</source>
        <translation>두 번 적혀 있습니다.</translation>
    </message>
    <message>
        <source>Make a key for a desk, print it this once, and end.</source>
        <translation>자리 키를 만들어 이번 한 번만 출력하고 끝냅니다.</translation>
    </message>
    <message>
        <source>Port {port} of {host} cannot be opened; choose another one. ({detail})</source>
        <translation>{host}의 포트 {port}번을 열 수 없습니다. 다른 포트를 고르십시오. ({detail})</translation>
    </message>
    <message>
        <source>Private key of the certificate, PEM, without a password.</source>
        <translation>인증서의 개인 키입니다(PEM, 암호 없음).</translation>
    </message>
    <message>
        <source>Requests a minute that a desk may make; 60 is the default.</source>
        <translation>한 자리가 1분 동안 요청할 수 있는 횟수입니다. 기본값은 60입니다.</translation>
    </message>
    <message>
        <source>Set by RTZR_ENDPOINT until the program ends.</source>
        <translation>프로그램을 끝낼 때까지 RTZR_ENDPOINT의 값을 씁니다.</translation>
    </message>
    <message>
        <source>Set by your company.</source>
        <translation>회사에서 정한 값입니다.</translation>
    </message>
    <message>
        <source>Shows and saves ● in place of the digits of numbers that have ten or more, as those of cards, accounts, residents and telephones do. A number that is said in parts, with other words between them, is not found.</source>
        <translation>카드, 계좌, 주민등록, 전화번호처럼 열 자리 이상인 번호의 숫자를 화면과 저장 파일에서 ●로 바꿉니다. 다른 말을 섞어 나누어 말한 번호는 찾지 못합니다.</translation>
    </message>
    <message>
        <source>Speech is recognised by RTZR. Enter the desk key that your administrators gave you to begin.</source>
        <translation>음성 인식은 RTZR가 합니다. 시작하려면 관리자에게 받은 자리 키를 입력하십시오.</translation>
    </message>
    <message>
        <source>Take a desk's key away, and end.</source>
        <translation>자리의 키를 없애고 끝냅니다.</translation>
    </message>
    <message>
        <source>The desk key in use comes from this computer's keyring or the environment.</source>
        <translation>쓰고 있는 자리 키는 이 컴퓨터의 키링이나 환경 변수에서 가져왔습니다.</translation>
    </message>
    <message>
        <source>The desks and the hashes of their keys. A change counts at once.</source>
        <translation>자리와 그 키의 해시가 적힌 파일입니다. 바꾸면 바로 적용됩니다.</translation>
    </message>
    <message>
        <source>The mode that is settled is none of them.</source>
        <translation>정해 둔 방식이 그 안에 없습니다.</translation>
    </message>
    <message>
        <source>There is a desk {name} in {path} already; take it away first.</source>
        <translation>{path}에 자리 {name} 항목이 이미 있습니다. 먼저 없애십시오.</translation>
    </message>
    <message>
        <source>There is no desk {name} in {path}.</source>
        <translation>{path}에 자리 {name} 항목이 없습니다.</translation>
    </message>
    <message>
        <source>This computer has no keyring: the desk key is kept until the program ends.</source>
        <translation>이 컴퓨터에는 키링이 없어 자리 키를 프로그램이 끝날 때까지만 보관합니다.</translation>
    </message>
    <message>
        <source>This computer's desk key is missing. Enter it in the window, or set CAPTIONER_DESK_KEY; your company's administrators hand it out.</source>
        <translation>이 컴퓨터의 자리 키가 없습니다. 창에서 입력하거나 CAPTIONER_DESK_KEY를 설정하십시오. 키는 회사 관리자가 나누어 줍니다.</translation>
    </message>
    <message>
        <source>Use this key</source>
        <translation>이 키 사용</translation>
    </message>
    <message>
        <source>What is older than this is removed when the window opens: recordings, and the captions that a crash left behind, those after seven days at the latest.</source>
        <translation>이보다 오래된 것은 창을 열 때 지웁니다. 녹음과, 비정상 종료로 남은 자막이 해당하며 남은 자막은 늦어도 7일 뒤에 지웁니다.</translation>
    </message>
    <message>
        <source>You can change it yourself, so it is no policy; it belongs into {system}.</source>
        <translation>사용자가 직접 바꿀 수 있는 파일이므로 정책으로 쓸 수 없습니다. 정책은 {system} 위치에 두어야 합니다.</translation>
    </message>
    <message>
        <source>Your company allows only these.</source>
        <translation>회사에서 허용한 것만 고를 수 있습니다.</translation>
    </message>
    <message>
        <source>Your company does not allow this; it allows {modes}.</source>
        <translation>회사에서 허용하지 않았습니다. 허용된 것: {modes}</translation>
    </message>
    <message>
        <source>Your company has settled this; leave it out.</source>
        <translation>회사에서 정한 값이므로 따로 지정할 수 없습니다.</translation>
    </message>
    <message>
        <source>Your company's policy {path} cannot be used, so nothing is captioned until it is mended. {reason}</source>
        <translation>회사 정책 파일 {path} 내용을 쓸 수 없어, 고칠 때까지 자막을 만들지 않습니다. {reason}</translation>
    </message>
    <message>
        <source>Your company's token service does not know this desk key. Ask your administrators for another one.</source>
        <translation>회사의 토큰 서비스가 이 자리 키를 알지 못합니다. 관리자에게 새 키를 요청하십시오.</translation>
    </message>
    <message>
        <source>The service refused the token from your company's token service. Tell your administrators: its RTZR keys are to be checked.</source>
        <translation>회사의 토큰 서비스가 준 토큰을 서비스가 거부했습니다. 관리자에게 토큰 서비스의 RTZR 키를 확인하도록 알리십시오.</translation>
    </message>
    <message>
        <source>Your company's token service has no token at the moment. Try again later; if it stays so, tell your administrators.</source>
        <translation>회사의 토큰 서비스가 지금은 토큰을 주지 못합니다. 잠시 뒤에 다시 시도하고, 계속되면 관리자에게 알리십시오.</translation>
    </message>
    <message>
        <source>Your company's token service {host} lets this computer in by its desk key. The key is kept in this computer's keyring, never in a file; where there is no keyring, until the program ends.</source>
        <translation>회사의 토큰 서비스({host})가 자리 키로 이 컴퓨터를 확인합니다. 키는 파일이 아니라 이 컴퓨터의 키링에 보관하며, 키링이 없으면 프로그램이 끝날 때까지만 보관합니다.</translation>
    </message>
    <message>
        <source>from your company's service, {url}</source>
        <translation>회사의 토큰 서비스({url})에서 받음</translation>
    </message>
    <message>
        <source>{cert} and {key} are no certificate with its key, PEM, without a password. ({detail})</source>
        <translation>{cert}, {key} 파일은 암호 없는 PEM 인증서와 그 키가 아닙니다. ({detail})</translation>
    </message>
    <message>
        <source>{host} is not this computer alone: give --cert and --key, or --behind-proxy where a proxy encrypts.</source>
        <translation>{host} 주소는 다른 컴퓨터에도 열려 있습니다. --cert와 --key를 주거나, 프록시가 암호화하면 --behind-proxy를 쓰십시오.</translation>
    </message>
    <message>
        <source>{name} is no name of a desk: up to 64 letters, digits and the signs . _ - @.</source>
        <translation>{name}: 자리 이름으로 쓸 수 없습니다. 글자, 숫자와 . _ - @ 기호를 64자까지 쓸 수 있습니다.</translation>
    </message>
    <message>
        <source>{path} cannot be read ({detail}).</source>
        <translation>{path} 파일을 읽을 수 없습니다({detail}).</translation>
    </message>
    <message>
        <source>{path} does not exist. Make a first key with --add NAME.</source>
        <translation>{path} 파일이 없습니다. --add NAME으로 첫 키를 만드십시오.</translation>
    </message>
    <message>
        <source>{path}, line {number}: this is no new name followed by sha256: and a hash. See --add.</source>
        <translation>{path}, {number}번째 줄: 새 이름 뒤에 sha256:과 해시가 와야 합니다. --add를 참고하십시오.</translation>
    </message>
    <message>
        <source>connection refused</source>
        <translation>연결이 거부됨</translation>
    </message>
    <message>
        <source>closed without an answer</source>
        <translation>응답 없이 연결이 끊김</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>응답 없음</translation>
    </message>
    <message>
        <source>no answer to a ping</source>
        <translation>연결 확인에 응답 없음</translation>
    </message>
    <message>
        <source>no Close after EOS</source>
        <translation>끝맺음 없음</translation>
    </message>
    <message>
        <source>no valid HTTP</source>
        <translation>올바른 HTTP 응답이 아님</translation>
    </message>
    <message>
        <source>no valid TLS</source>
        <translation>올바른 TLS 응답이 아님</translation>
    </message>
    <message>
        <source>no such host: {host}</source>
        <translation>찾을 수 없는 주소: {host}</translation>
    </message>
    <message>
        <source>Trying again right now.</source>
        <translation>지금 다시 시도하고 있습니다.</translation>
    </message>
</context>
</TS>
