### `socklab check`, in English.

## Help

help-check = Plays an exercise against your program, and says whether it is right, what happened on the wire, and what to change.
help-check-examples = socklab check echo server -- python3 UDP_server.py ; socklab check chat client --only turns -- python3 chat_client.py ; socklab check submit client --dni 12345678 -- python3 client.py ; socklab check otp -- python3 otp.py ; socklab check welcome server --connect 127.0.0.1:19000 ; socklab check echo server --scenario mine.txt -- ./server
help-arg-check-exercise = The exercise
help-arg-check-role = Which end your program is; otp has only one
help-arg-check-only = Only the scenario of this name
help-arg-check-list = Name the scenarios
help-arg-check-scenario = Play the scenarios of FILE instead of the built-in ones (docs/check.md)
help-arg-check-connect = Check a server that runs already
help-arg-check-port = The port that the program uses, if it is not the exercise's
help-arg-check-name = The name that a client of submit is given when it asks
help-arg-check-dni = The DNI that it is given, and that its code is made for
help-arg-check-format = What to write
help-arg-check-command = How your program is started; {"{host}"}, {"{port}"}, {"{name}"}, {"{dni}"} and {"{code}"} are filled in

help-arg-check-transcript = Add what came and went in each scenario to FILE, as transcripts (digits of submit are masked)
help-check-all = Checks a whole practical: finds the programs in a folder by their names, runs them, and shows one table. With a folder for each student, all of them.
help-check-all-examples = socklab check all practical ; socklab check all submissions --format junit ; socklab check all submissions --map names.txt
help-arg-check-folder = The folder: of one practical, or with one in each of its folders
help-arg-check-map = How programs with other names are started: lines such as "chat client: python3 my_chat.py"

help-bug = Short wrong programs and their cures.
help-bug-list = Name them, with what is wrong.
help-bug-list-examples = socklab bug list
help-bug-show = Show one with its cure: lines with - go, lines with + come.
help-bug-show-examples = socklab bug show turn-broken
help-arg-bug-name = Its name, as bug list gives it
# $name (text) - what was asked for
# $near (text) - what was perhaps meant
bug-unknown-near = there is no piece { $name }; did you mean { $near }?
bug-unknown = there is no piece { $name }: socklab bug list names them

## The doctor

help-doctor = Looks at this computer before class: Python, pyotp, the clock, the lab's ports, and whether the lecturers' server answers.
help-doctor-examples = socklab doctor ; socklab doctor lab.example ; socklab doctor --dni 123456 --code 186818
help-arg-doctor-code = The code that a phone shows now: the clock is compared with it
help-arg-doctor-dni = The DNI that the phone makes it from
help-arg-doctor-server = The lecturers' server: HOST, HOST:PORT or [IPv6]:PORT (port 21000 unless given)
# $version (text)
doctor-python = Python { $version }
doctor-healthy = ✓ all is ready for the lab
doctor-clock = the clock is kept by a time server
doctor-clock-unknown = this system does not say whether a time server keeps its clock: compare it with a phone's code (--dni and --code)
doctor-clock-past = the clock shows a date long past, so no code will be right: set it
doctor-clock-alone = no time server keeps the clock, and codes change every 30 s: timedatectl set-ntp true
doctor-code-unknown = the phone's code belongs to no moment within half an hour: check the DNI and that it was enrolled with it, or the dates of the phone and of this computer
doctor-no-python = there is no Python: install it from python.org, or python3 with your system's package manager
# $detail (text)
doctor-python-fails = Python does not run ({ $detail }): install it again
# $version (text)
doctor-python-old = Python { $version } is too old: install 3.8 or newer
# $install (text) - how to install the right one
doctor-no-pyotp = this Python has no pyotp: { $install }
# $version (text)
# $install (text) - how to install the right one
doctor-pyotp-refuses = pyotp { $version } refuses a DNI as a secret: { $install }
doctor-pip = python3 -m pip install "pyotp<2.11.2"
doctor-pip-environment = this system's Python takes packages only in a virtual environment, which each new terminal must activate: python3 -m venv lab && . lab/bin/activate && pip install "pyotp<2.11.2"
# $list (text) - ports
doctor-free = free ports: { $list }
doctor-serving = ports on which a server of the lab listens: { $list }
# $address (text)
doctor-reached = the server at { $address } answers
# $exercise (text)
# $port (text)
doctor-port-waits = no program has TCP port { $port } ({ $exercise }), but its last connection ended less than a minute ago and the system still keeps the port: wait for 60 s; a server that sets SO_REUSEADDR before bind need not wait
# $exercise (text)
# $kind (text)
# $port (text)
# $who (text)
# $process (text)
doctor-port = { $kind } port { $port } ({ $exercise }) is taken by { $who } (process { $process }): end it, or restart the computer if the system has reserved it
# $address (text)
doctor-not-reached-here = no program listens at { $address } on this computer: start the server first
# $address (text)
# $detail (text)
doctor-not-reached = the server at { $address } does not answer ({ $detail }): from outside the campus, connect the VPN first; else ask whether it is on

## The ladder

check-client = client
check-server = server
# $role (text)
check-we = socklab ({ $role })
# $line (text)
check-line = (line { $line })
# $text (text)
check-quote = "{ $text }"
# $address (text)
check-listens = listens at { $address }
check-connects = connects
check-finishes = sends no more
check-resets = breaks the connection
# $words (text)
check-network = the network: { $words }
check-network-clean = the network is as it was
check-closes = closes
# $text (text)
check-types = types { $text }
# $text (text)
check-shows = shows { $text }
check-silent = is silent
# $call (text)
check-waits = waits in { $call }
# $code (text)
check-exits = ends (status { $code })
check-port-closed = no program has its port any more
check-starts-again = starts it again
check-killed = was ended by a signal
# $count (text)
check-bytes = { $count } bytes
check-expected = expected
check-received = received
check-empty = (empty)

## The verdict

# $text (text)
check-error = It said: { $text }
# $text (text)
check-why = Why: { $text }
check-no-cause = The cause is not proved; the steps above are what happened.
check-no-cause-elsewhere = The cause is not proved: from outside only these steps are seen. The terminal in which the program runs may show its error.
check-no-cause-error = This error ended the program; what led to it is not proved.
# $line (text)
# $file (text)
# $text (text)
check-place = Line { $line } of { $file }:  { $text }
check-cure = Change it like this:
check-advice = Advice (it does not count; --only NAME shows one whole):
# $what (text)
# $count (number)
check-pass = ✓ { $what }: right ({ $count ->
    [one] { $count } scenario
   *[other] { $count } scenarios
})
# $what (text)
check-advice-only = This is advice: it does not decide whether { $what } is right.
# $right (text)
# $wrong (text)
# $left (text)
# $command (text)
check-fail = { $right } right, { $wrong } wrong, { $left } not played. Only this one again: { $command }
# $reason (text)
check-not-checked = Not checked: { $reason }
# $address (text)
check-answers = { $address } answers
check-kind-essential = decides
check-kind-advice = advice

## A whole practical

# $count (number)
# $folder (text)
check-all-runs = { $count ->
    [one] running the program
   *[other] running the { $count } programs
} that { $folder } holds, on this computer and as this user: Ctrl-C ends it
# $folder (text)
check-all-none = { $folder } has no program of the lab: their names must say the exercise and the end (chat_client.py), or --map must
# $list (text) - files
check-all-unknown = not checked, because their names do not say the exercise and the end: { $list }; call them as chat_client.py, or name them with --map
# $list (text) - exercises
check-all-absent = exercises without a program here: { $list }
check-all-folder = folder
check-all-exercise = exercise
check-all-program = program
check-all-result = result
check-all-right = right
# $code (text)
# $name (text)
check-all-wrong = { $code } ({ $name })
# $name (text)
check-all-missing = no program has a name like { $name }
# $list (text)
check-all-several = several programs have such a name: { $list }; leave one, or choose with --map
# $file (text)
check-all-source = compile { $file }, or say how it is started with --map
# $command (text)
check-all-explain = What happened, whole: { $command }
# $file (text)
# $line (number)
check-map-wrong = { $file }, line { $line }: expected a line such as: chat client: python3 my_chat.py

## Why something was not checked

check-somebody = another program
# $port (text)
# $who (text)
# $process (text)
check-reason-port = port { $port } is held by { $who } (process { $process }): end it first, or use --port with another port
# $port (text)
check-reason-port-waits = no program has TCP port { $port }, but its last connection ended less than a minute ago and the system still keeps the port: wait for 60 s, or set SO_REUSEADDR before bind
# $name (text)
check-reason-missing = there is no program { $name } here: check the name, or write its whole path
# $name (text)
check-reason-not-a-command = { $name } cannot be run like this: if it is Python, type python3 { $name }; if not, the path of an executable program (./program)
# $name (text)
check-reason-no-file = there is no file { $name }: check the name and the folder
# $name (text)
check-reason-store = { $name } is only Windows's link to its Store: install Python, and try py
# $question (text)
check-reason-asks = the program asks "{ $question }", which this check does not know: give it by the command line
# $address (text)
check-reason-not-reached = no program listens at { $address }
check-reason-holds-output = the program holds what it prints in a buffer until it ends: flush it after each line (in C: fflush(stdout))
check-reason-elsewhere = this needs the program to be started here: give its command after --
check-reason-after = an earlier scenario failed
# $detail (text)
check-reason-system = the system refused: { $detail }

## What was typed wrong

check-no-command = say how your program is started, after --: socklab check echo server -- python3 UDP_server.py
# $exercise (text)
check-no-role = say which end of { $exercise } your program is: client or server
# $exercise (text)
check-one-role = { $exercise } has only one end: leave out client or server
check-connect-client = --connect is for servers: a client is started by the check, with its command after --
# $name (text)
# $list (text)
check-no-such-scenario = there is no scenario { $name }; there are { $list }
check-no-scenarios = there are no scenarios for that end of that exercise
# $file (text)
# $line (text)
# $wrong (text)
check-scenario-wrong = { $file }, line { $line }: { $wrong }
check-wrong-title = the first line must be: socklab scenarios 1
check-wrong-exercise = there is no such exercise
check-wrong-order = exercise, program and scenario must come first
check-wrong-move = this is none of the moves
check-wrong-network = a network takes lose, duplicate, reorder, reset (0 to 100), delay (ms), pieces and seed, as in lose=30 seed=7
check-wrong-text = the text must be quoted: "hola"
check-wrong-empty = there is no scenario in it

## What was seen

check-symptom-never-listens = The program runs and does not wait for clients where it should.
check-symptom-exits-early = The program ended before anything could be played.
check-symptom-crash = The program ended with an error.
check-symptom-no-reply = It was the program's turn, and it sent nothing.
check-symptom-no-request = The program sent nothing to the server.
check-symptom-wrong-reply = The program sent something else.
check-symptom-truncated = The program sent only the beginning.
check-symptom-not-shown = What should be on the program's output is not there.
check-symptom-wrong-output = The program shows something else.
check-symptom-never-ends = The program goes on when it should end.
check-symptom-ends-early = The program ended, or closed, in the middle.
check-symptom-hangs = The program waits for something that does not come.
check-symptom-never-closes = The program does not close the connection.
check-symptom-unreachable = Other computers cannot reach the program.

## Why, what proves it, and its cure: lines are separated by ¶

check-what-wrong-port = The port is not the exercise's.
# $detail (text)
check-seen-wrong-port = It uses port { $detail }, which is not the exercise's.
check-why-wrong-port = Its own socket says so.
# $port (text)
# $call (text)
check-cure-wrong-port = use port { $port } in { $call }
# $port (text)
check-cure-wrong-port-any = use port { $port }
check-what-wrong-protocol = Its socket is not of the exercise's protocol.
# $detail (text)
# $protocol (text)
check-seen-wrong-protocol = Its socket is { $detail }, and the exercise uses { $protocol }.
check-why-wrong-protocol = Its own socket says so: TCP and UDP have separate ports.
# $kind (text)
# $protocol (text)
check-cure-wrong-protocol = socket.socket(socket.AF_INET, socket.{ $kind })    # { $protocol }
# $protocol (text)
check-cure-wrong-protocol-any = make a { $protocol } socket
# $kind (text)
check-cure-wrong-protocol-c = in C: socket(AF_INET, { $kind }, 0)
check-cure-wrong-protocol-java = in Java: DatagramSocket is UDP; Socket and ServerSocket are TCP
check-what-loopback-only = Only programs on this computer can reach it.
check-why-loopback-only = It is bound to an address that begins with 127.
check-cure-loopback-only = serverSocket.bind(("", serverPort))
check-cure-loopback-only-any = bind to every address of this computer (0.0.0.0), not to 127.0.0.1
check-cure-loopback-only-c = in C: own.sin_addr.s_addr = htonl(INADDR_ANY);
check-cure-loopback-only-java = in Java: give DatagramSocket or ServerSocket the port and no address
check-what-address-in-use = It binds a port that it holds already.
check-why-address-in-use = The same program had bound it before.
check-cure-address-in-use = call bind once, before the loop
check-what-old-server-answers = Another program answers on that port.
check-why-old-server-answers = The port is held by another process.
check-cure-old-server-answers = end the other program, for example with Ctrl-C in its terminal
check-what-reply-elsewhere = The reply went to another address than the question came from.
check-why-reply-elsewhere = Its call of sendto names that address.
check-cure-reply-elsewhere = message, clientAddress = serverSocket.recvfrom(2048)¶serverSocket.sendto(reply, clientAddress)
check-cure-reply-elsewhere-any = send the reply to the address that the question came from
check-cure-reply-elsewhere-c = in C: sendto(sock, reply, size, 0, (struct sockaddr *)&peer, length);      // peer: as recvfrom filled it in
check-cure-reply-elsewhere-java = in Java: new DatagramPacket(reply, reply.length, packet.getSocketAddress())
check-what-not-capitalised = The text came back as it was.
check-why-not-capitalised = The reply has exactly the bytes of the question.
check-cure-not-capitalised = reply = message.decode().upper().encode()
check-cure-not-capitalised-any = reply with the text in capitals
check-what-swapped-case = Capital letters came back as small ones.
check-why-swapped-case = The reply is the question with every letter's case changed, as swapcase() does it.
check-why-swapped-case-any = The reply is the question with every letter's case changed.
check-cure-swapped-case = reply = message.decode().upper().encode()      # not swapcase()
check-cure-swapped-case-any = make every letter a capital, whichever it was
check-what-spaces-lost = Spaces at the ends of the text are gone.
check-why-spaces-lost = But for them the bytes are right; strip() removes them.
check-why-spaces-lost-any = But for them the bytes are right.
# $made (text)
check-cure-spaces-lost = { $made }      # without strip(); at most .rstrip("\r\n")
check-cure-spaces-lost-any = keep the spaces; remove at most the line end
check-cure-spaces-lost-c = in C: fgets keeps them; scanf skips them
check-cure-spaces-lost-java = in Java: without trim() or strip()
check-what-one-word = It sends only the first word of the line.
check-why-one-word = What it sent ends where the line has its first space.
check-cure-one-word = message = input("> ")      # the whole line, without split()
check-cure-one-word-any = read the whole line, not one word
check-cure-one-word-c = in C: fgets(text, sizeof text, stdin), not scanf("%s", text)
check-cure-one-word-java = in Java: scanner.nextLine(), not next()
check-what-receives-again = It waits to receive, and nothing more comes.
check-why-receives-again = This exercise has one datagram and no reply, and the program waits in a receive.
check-cure-receives-again = end after the one datagram: no loop, and no reply
check-what-extra-reply = It sent one reply too many.
check-why-extra-reply = Every question had its answer already.
check-cure-extra-reply = send one reply to each question, and none after FIN
check-what-ascii-only-capitals = Only letters without an accent changed.
check-why-ascii-only-capitals = That is what upper() does with bytes; with text it knows every letter.
check-why-ascii-only-capitals-any = In UTF-8 a letter with an accent has two bytes, and neither is a letter by itself.
check-cure-ascii-only-capitals = reply = message.decode().upper().encode()
check-cure-ascii-only-capitals-any = make a capital of every letter, not only of a to z
check-cure-ascii-only-capitals-c = in C: setlocale(LC_ALL, ""), then mbstowcs, towupper for each letter, and wcstombs
check-cure-ascii-only-capitals-java = in Java: new String(bytes, 0, length, StandardCharsets.UTF_8).toUpperCase()
check-what-crash-on-accents = Text with accents makes it fail.
check-why-crash-on-accents = The exception is about the encoding, and ASCII alone passes.
check-cure-crash-on-accents = text.encode()      # UTF-8, not "ascii"¶data.decode()
check-what-wrong-encoding = It uses another encoding than UTF-8.
check-why-wrong-encoding = The bytes are those of the right text in another encoding, or without the letters that it lacks.
check-cure-wrong-encoding = text.encode("utf-8")¶data.decode("utf-8")
check-cure-wrong-encoding-any = use UTF-8 for what it sends and for what it receives
check-cure-wrong-encoding-java = in Java: text.getBytes(StandardCharsets.UTF_8) and new String(bytes, 0, length, StandardCharsets.UTF_8)
check-what-str-not-bytes = Text was used where bytes are needed, or the other way round.
check-why-str-not-bytes = Python's exception says so.
check-cure-str-not-bytes = sock.send(text.encode())                  # str to bytes; so base64.b32encode(dni.encode())¶text = data.decode()                      # bytes to str
check-what-extra-newline = There is a line end too many.
check-why-extra-newline = But for that the bytes are right.
check-cure-extra-newline = send the text alone, without "\n"
check-cure-extra-newline-c = in C, after fgets: text[strcspn(text, "\n")] = 0;
check-what-missing-newline = The line end is missing.
check-why-missing-newline = But for that the bytes are right.
check-cure-missing-newline = sock.sendall(text.encode() + b"\n")
check-cure-missing-newline-any = send a line feed after the text
check-what-extra-zeros = Zero bytes follow the text.
check-why-extra-zeros = But for them the bytes are right.
check-cure-extra-zeros = sock.sendto(buffer[:count], address)      # as many as were received
check-cure-extra-zeros-any = send as many bytes as the text has, not the whole buffer
check-cure-extra-zeros-c = in C: sendto(sock, text, strlen(text), …)
check-cure-extra-zeros-java = in Java: packet.getLength() bytes, not the whole array
check-what-repr-sent = It sent b'…', which is how Python prints bytes.
check-why-repr-sent = The bytes are those of str() of the right ones.
check-cure-repr-sent = text = data.decode()       # not str(data)
check-what-repr-shown = It showed b'…', which is how Python prints bytes.
check-why-repr-shown = What it showed is repr() of what came.
check-cure-repr-shown = print(data.decode())
check-what-fin-case = The last word is compared in the wrong case.
check-why-fin-case = With the word in the other case it behaves otherwise, or its source has the word only so.
# $text (text)
# $word (text)
check-cure-fin-case = if { $text } == "{ $word }": break
# $word (text)
check-cure-fin-case-any = compare with exactly "{ $word }"
check-what-fin-not-sent = It ended without sending the last word.
check-why-fin-not-sent = After that word it ended, or closed, and nothing more came.
# $send (text)
# $text (text)
# $word (text)
check-cure-fin-not-sent = sock.{ $send }    # first send¶if { $text } == "{ $word }": break                # then end
check-cure-fin-not-sent-any = send the last word first, then end
check-what-never-checks-fin = The last word ends nothing.
check-why-never-checks-fin = After it the program was given more, and went on as before.
# $text (text)
# $word (text)
check-cure-never-checks-fin = if { $text } == "{ $word }": break
# $exercise (text)
# $word (text)
check-cure-never-checks-fin-any = end when { $exercise ->
    [capitals] the line, without its line feed,
   *[other] the text
} is "{ $word }"
# $word (text)
check-cure-never-checks-fin-c = in C: if (count == 3 && memcmp(text, "{ $word }", 3) == 0) break;
# $word (text)
check-cure-never-checks-fin-java = in Java: if (text.equals("{ $word }")) break;      // not ==
check-what-one-fin = The fin of one end ends it, and that of the other does not.
check-why-one-fin = After the fin of these steps it went on; then the other end said fin, and it ended.
check-cure-one-fin = if message == "fin": break      # after what it sends, and after what it receives
check-cure-one-fin-any = compare with "fin" both what it sends and what it receives
check-what-turn-broken = It does not keep the turns.
check-why-turn-broken = It spoke, or waited to hear, when it was the other's turn to.
check-cure-turn-broken = one sendto, then one recvfrom, and so on; the client begins
check-cure-turn-broken-any = send one message, then receive one, and so on; the client begins
check-what-echo-leftover = It answers with the capitals of what came, as the echo server does.
check-why-echo-leftover = Nobody typed that: it is upper() of our message.
check-why-echo-leftover-any = Nobody typed that: it is our message in capitals.
check-cure-echo-leftover = reply = input("> ")
check-cure-echo-leftover-any = reply with what its user types
check-what-several-sends = One message was sent in several pieces.
check-why-several-sends = Its calls say so; a server that receives once sees only the first.
check-cure-several-sends = sock.sendall((name + "&" + dni + "&" + otp).encode())
check-cure-several-sends-any = join the parts first, and send them with one call
check-what-waits-for-newline = It waits for a line end that this exercise does not have.
check-why-waits-for-newline = As soon as a line end came, it went on.
check-cure-waits-for-newline = data = sock.recv(1024)      # not readline()
check-cure-waits-for-newline-any = take what one receive gives; no line end will come
check-cure-waits-for-newline-c = in C: recv(sock, text, 1024, 0), not fgets or getline
check-cure-waits-for-newline-java = in Java: in.read(bytes), not readLine()
check-what-waits-for-eof = It waits until the other closes, and the other waits for it.
check-why-waits-for-eof = As soon as we sent no more, it went on.
check-cure-waits-for-eof = data = sock.recv(1024)              # what is there¶sock.shutdown(socket.SHUT_WR)       # a client, after sending: «I send no more»
check-cure-waits-for-eof-any = take what one receive gives; the other does not close before¶a client may say, after sending, that it sends no more: shutdown
check-cure-waits-for-eof-java = in Java: in.read(bytes), not readAllBytes(); socket.shutdownOutput()
check-what-deadlock = Both ends wait for each other.
check-why-deadlock = It waits to receive before it has sent anything, and it must begin.
check-cure-deadlock = first send, then receive
check-what-one-recv = It took each piece that came for the whole message.
check-why-one-recv = TCP is a stream: one send may come in several recv. It called recv once for each message.
check-cure-one-recv = data = b""¶while piece := sock.recv(1024):     # b"": the other has closed¶    data += piece¶for line in sock.makefile("rb"):          # in capitals, line by line
check-cure-one-recv-any = receive in a loop, until the line is whole or the other has closed
check-what-empty-read-loop = It goes on receiving after the other has closed.
check-why-empty-read-loop = recv returned b"" again and again.
check-why-empty-read-loop-any = It received no bytes again and again.
check-cure-empty-read-loop = if not data: break          # b"": the other has closed
check-cure-empty-read-loop-any = end when a receive gives no bytes: the other has closed
check-cure-empty-read-loop-c = in C: if (count <= 0) break;
check-cure-empty-read-loop-java = in Java: if (count < 0) break;
check-what-closes-before-reading = It closed without waiting for the answer.
check-why-closes-before-reading = It never called recv.
check-cure-closes-before-reading = sock.sendall(message)¶print(sock.recv(1024).decode())
check-cure-closes-before-reading-any = receive the answer, then close
check-what-not-closed = It waits for the next client instead.
check-why-not-closed = It is in accept, and has not called close on this connection.
check-cure-not-closed = connectionSocket.close()      # after the answer
check-cure-not-closed-any = close the connection after the answer, not only the listening socket
check-cure-not-closed-c = in C: close(connection);
check-cure-not-closed-java = in Java: connection.close();
check-what-serves-once = It serves one client and leaves.
check-why-serves-once = The first client was served; then the program ended or stopped listening.
check-cure-serves-once = while True:¶    connection, address = serverSocket.accept()
check-cure-serves-once-any = accept in a loop, one client after the other
check-what-no-loop = It ends after one exchange.
check-why-no-loop = It ended by itself, without an error.
check-cure-no-loop = while True:                 # until the last word
check-cure-no-loop-any = repeat until the last word
check-what-dies-on-reset = A client that breaks its connection ends the whole server.
check-why-dies-on-reset = The exception came right after our reset, and nothing caught it.
check-cure-dies-on-reset = try:¶    serve(connection)¶except ConnectionError:     # the next client, please¶    pass
check-what-dies-on-empty = An empty message ended it.
check-why-dies-on-empty = In UDP an empty datagram is a message, not an end.
check-cure-dies-on-empty = do not end when a datagram is empty
check-what-dies-on-timeout = A reply that was late ended it.
check-why-dies-on-timeout = The exception is the socket's time-out, and nothing caught it.
check-cure-dies-on-timeout = try:¶    reply, address = clientSocket.recvfrom(2048)¶except TimeoutError:     # it may be lost, or late: send again, or say so
check-what-answers-strangers = It takes what a stranger says for its client's.
check-why-answers-strangers = What another address sent is on its output, in the client's turn.
check-cure-answers-strangers = if address != client: continue      # client: the first address
check-cure-answers-strangers-any = ignore what comes from another address than the first
check-what-listener-used = It talks through the socket that listens.
check-why-listener-used = The call that failed used the socket on which listen was called.
check-cure-listener-used = connection, address = serverSocket.accept()¶connection.send(data)       # not serverSocket
check-what-never-calls-listen = It accepts without listening.
check-why-never-calls-listen = accept failed, and listen had not been called on that socket.
check-cure-never-calls-listen = serverSocket.bind(("", serverPort))¶serverSocket.listen(5)
check-what-not-flushed = What it wrote is still in its own buffer.
check-why-not-flushed = It made a file of the socket to write to, waits for the answer, and has sent nothing.
check-cure-not-flushed = file.write(message)¶file.flush()
check-what-shadowed-module = A file of yours has the name of a module of Python's.
check-why-shadowed-module = import finds your file first: it stands beside the program.
check-cure-shadowed-module = give the file another name, and delete the folder __pycache__
check-what-wrong-interpreter = It is written for Python 2.
check-why-wrong-interpreter = Python 3 does not know this any more, and says so.
check-cure-wrong-interpreter = print(text)                 # with parentheses¶text = input()              # not raw_input()
check-what-late-fin-check = The last word is looked at one step too late.
check-why-late-fin-check = After one message or line more the program ended: it had seen the word, and first went on.
check-cure-late-fin-check = compare right after each input() and each recvfrom, before the next step
check-cure-late-fin-check-any = compare right after each line that is typed and each message that comes, before the next step
check-what-bytes-compared = It compares bytes with text, which are never equal.
check-why-bytes-compared = Python itself warns of it there (python3 -b).
check-cure-bytes-compared = if data.decode() == "fin": break          # bytes to text first
check-what-input-outside-loop = It asks its user once and sends the same again.
check-why-input-outside-loop = What it sent had been sent before, and it has not read the next line.
check-cure-input-outside-loop = while True:¶    message = input("> ")               # inside of the loop
check-what-never-binds = Its socket has no port: bind was never called.
check-why-never-binds = It receives on a socket for which it did not call bind.
check-cure-never-binds = serverSocket.bind(("", serverPort))
# $port (text)
check-cure-never-binds-any = bind the socket to port { $port } before it receives
check-what-listen-on-udp = UDP has no connections: listen and accept are for TCP.
check-why-listen-on-udp = The call that failed was listen or accept, on a UDP socket.
check-cure-listen-on-udp = serverSocket.bind(("", serverPort))¶message, clientAddress = serverSocket.recvfrom(2048)   # no listen, no accept
check-what-never-connects = It sends on a TCP socket that is not connected.
check-why-never-connects = connect was not called on that socket, or had failed.
check-cure-never-connects = clientSocket.connect((serverName, serverPort))¶clientSocket.send(message)
check-what-address-not-a-pair = The address must be one pair: a name, and the port as a number.
check-why-address-not-a-pair = Python's exception says so, at the call that takes the address.
check-cure-address-not-a-pair = sock.connect((serverName, serverPort))           # two brackets¶sock.sendto(data, (serverName, serverPort))      # the port is 16000, not "16000"
check-what-missing-brackets = A function is named there and not called: its brackets are missing.
check-why-missing-brackets = Python's exception says so.
check-cure-missing-brackets = message = input().lower()     # not lower
check-what-number-not-text = A number was joined to text.
check-why-number-not-text = Python's exception says so.
check-cure-number-not-text = dni = input()               # text: not int(input())¶str(number)                 # a number to text
check-what-quoted-names = It sent what stands between the quotes, not the values.
check-why-quoted-names = The same text stands in its source, in quotes.
check-cure-quoted-names = message = name + "&" + dni + "&" + otp¶message = f"{"{"}name{"}"}&{"{"}dni{"}"}&{"{"}otp{"}"}"             # with the f
check-what-syntax-error = Python cannot read the program.
check-why-syntax-error = Python's message says so, before any line has run.
check-cure-syntax-error = look at that line and at the one before it: a bracket, a quote or a colon that is missing, or the spaces at its beginning
check-what-unknown-name = It uses a name that has no value there.
check-why-unknown-name = Python's exception says so, and which name.
check-cure-unknown-name = check how the name is spelt, that its module is imported, and that it gets its value before this line
check-what-module-missing = A module that it imports is not installed for this Python.
check-why-module-missing = Python's exception says so.
check-cure-module-missing = python3 -m pip install "pyotp<2.11.2"     # with the same Python that runs it¶# if pip refuses (externally-managed-environment), first: python3 -m venv lab && . lab/bin/activate
# $module (text)
check-cure-other-module = check the spelling of { $module }; if it is right: python3 -m pip install { $module }¶# if pip refuses (externally-managed-environment), first: python3 -m venv lab && . lab/bin/activate
check-what-pyotp-refuses-dni = This version of pyotp refuses a secret as short as a DNI.
check-why-pyotp-refuses-dni = Its exception says so: 2.11.2 and later do.
check-cure-pyotp-refuses-dni = python3 -m pip install "pyotp<2.11.2"¶# if pip refuses (externally-managed-environment), first: python3 -m venv lab && . lab/bin/activate
check-what-dni-letter = The DNI was sent with its letter.
check-why-dni-letter = The exercise takes its digits alone.
check-cure-dni-letter = dni = dni.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
check-cure-dni-letter-any = send the digits of the DNI alone
check-what-code-lost-zeros = Zeros at the front were lost.
check-why-code-lost-zeros = A number has no zeros at its front; but for them it would be right.
check-cure-code-lost-zeros = dni = input()               # text: not int(input()); so too the code
check-cure-code-lost-zeros-any = keep the DNI and the code as text, not as numbers
check-what-wrong-secret = The secret is not the base32 of the DNI's digits.
check-why-wrong-secret = The secret that it shows, or that its code is right for, is another.
check-cure-wrong-secret = secret = base64.b32encode(dni.encode()).decode()   # once, of the digits
check-cure-wrong-secret-any = encode the DNI's digits in base32, once
check-what-accepts-old-code = It accepts a code of an hour ago.
check-why-accepts-old-code = It gave it the same answer as the right one, and another to a wrong one.
check-cure-accepts-old-code = totp.verify(otp)            # without valid_window: only the current 30 s
check-cure-accepts-old-code-any = accept only the code of the current 30 s
check-what-wrong-uri = An authenticator does not take the URI.
check-why-wrong-uri = It is not of the form otpauth://totp/LABEL?secret=…, with six digits, 30 s and SHA-1.
check-cure-wrong-uri = uri = pyotp.TOTP(secret).provisioning_uri(name="mi_usuario", issuer_name="Mi App")
check-cure-wrong-uri-any = make it of this form: otpauth://totp/Mi%20App:mi_usuario?secret=…&issuer=Mi%20App
check-what-stale-code = The code is that of another moment.
check-why-stale-code = It stands in the program, or was right before.
check-cure-stale-code = otp = input("OTP: ")         # or pyotp.TOTP(secret).now()
check-cure-stale-code-any = ask for the code just before sending, or make it then
check-what-wrong-separator = The parts are not separated by one &.
check-why-wrong-separator = But for that the message is right.
check-cure-wrong-separator = message = name + "&" + dni + "&" + otp
check-cure-wrong-separator-any = send name&dni&code
check-what-wrong-order = The parts stand in another order.
check-why-wrong-order = The order is name, DNI, code.
check-cure-wrong-order = message = name + "&" + dni + "&" + otp
check-cure-wrong-order-any = send name&dni&code
check-what-hard-coded-answer = The answer does not depend on the question.
check-why-hard-coded-answer = Different questions had the same answer.
check-cure-hard-coded-answer = make the reply from what came: message.decode().upper().encode()
check-cure-hard-coded-answer-any = make the reply from what came, in capitals
check-cure-hard-coded-verdict = decide by the code that came: if pyotp.TOTP(secret).verify(otp):
check-cure-hard-coded-verdict-any = decide by the code that came, whether it is the right one now
check-what-hard-coded-secret = The secret does not depend on the DNI.
check-why-hard-coded-secret = For another DNI the program showed the same secret.
check-cure-hard-coded-secret = dni = input("DNI: ")¶secret = base64.b32encode(dni.encode()).decode()   # of the DNI that was typed
check-cure-hard-coded-secret-any = make the secret from the DNI that was typed
check-what-small-buffer = It receives fewer bytes than the message has.
check-why-small-buffer = Its receive asked for that many and got that many; there were more.
# $receive (text)
# $size (text)
check-cure-small-buffer = { $receive }({ $size })
# $size (text)
check-cure-small-buffer-any = receive up to { $size } bytes at once
