### What the command says, in English.
###
### Numbers and peers come as variables, already escaped. A message that ends in a blank ends in a
### placeable, because Fluent trims blanks at the end of a line.

## Prompts, on a terminal only

prompt-message = Enter your message in lower case:{ " " }
prompt-echo = Enter your message in lower case:{ " " }
# The exact text that ends a chat is `fin`, in every language.
prompt-chat = Enter your message (fin to end):{ " " }
# $seconds (number) - how long nothing has come
chat-waits = no answer for { $seconds } s: the other person may still be writing, or a datagram was lost, or the other program has ended; a chat waits without limit (Ctrl-C ends it, and chat client --timeout SECONDS limits it)
prompt-name = Enter your name:{ " " }
prompt-dni = Enter your DNI, without its letter:{ " " }
prompt-code = enter the OTP code:{ " " }

## What a server says

# $address (text) - where the server listens
ready = the server is ready at { $address }
# $listen (text) - what to give --listen
ready-open-hint = only this computer can reach it; to open it to the lab's network: --listen { $listen }
# $address (text) - one address of this computer, or several
ready-students-use = students use { $address }
# $peer (text) - address and port of the client
connection = Connection from { $peer } established!
# $possible (number) - how many connections there can be
# $most (number) - how many --max-connections allows
few-descriptors = the system has descriptors for { $possible } connections, fewer than --max-connections { $most }: the others wait (raise the limit with ulimit -n)
# $lines (number) - how many
lines-dropped = { $lines ->
    [one] { $lines } line was not shown: its reader did not take it
   *[other] { $lines } lines were not shown: their reader did not take them
}
# $connections (number) - how many
made-room = the server was full: { $connections ->
    [one] { $connections } silent connection was closed to make room for another
   *[other] { $connections } silent connections were closed to make room for others
}
stopped = the server has stopped
# $peer (text) - the client whose chat it is
chat-began = the chat with { $peer } has begun
# $peer (text) - who sent the datagram
stranger = dropped a datagram from { $peer }, who is not in this chat
strangers-more = dropped another one from outside this chat; further ones are not reported
# $peer (text) - who asked
# $bytes (number) - how long the reply would have been
# $most (number) - how long one to that peer may be
reply-too-long = the reply to { $peer } would have { $bytes ->
    [one] { $bytes } byte
   *[other] { $bytes } bytes
} and a datagram carries at most { $most }: nothing was sent
# $why (text) - descriptors, threads, or what else there is none of
# $detail (text) - the system's own words
accept-paused = { $why ->
    [descriptors] out of descriptors
    [threads] out of threads
   *[other] no new connection can be accepted ({ $detail })
}: those connected are served, new ones wait
# $peer (text) - whose line it is
# $most (number) - how long it may be
line-too-long = { $peer } sent a line of more than { $most } bytes: its connection is closed
accept-resumed = new connections are accepted again

## What a client says

late-reply = dropped a reply that came late or twice
# $attempt (number) - which repetition this is, from 1
# $of (number) - how many there are at most
retry = no reply: sending it again ({ $attempt } of { $of })
# $failed (text) - address and port that were tried
# $why (text) - refused, timed-out, unreachable, or what else happened
# $detail (text) - the system's own words
next-address = { $why ->
    [refused] nothing listens at { $failed }
    [timed-out] no connection to { $failed } in time
    [unreachable] no route to { $failed }
   *[other] no connection to { $failed } ({ $detail })
}: the next address is tried
# $peer (text) - to whom the datagram went
nobody-listens = sent, but nothing listens at { $peer }: UDP sends whether or not a server is up
# $peer (text) - address and port of whom it was for
# $bytes (number) - how long the datagram was
lost = lost on purpose: { $bytes ->
    [one] a datagram of { $bytes } byte
   *[other] a datagram of { $bytes } bytes
} to { $peer }
# $seed (number) - what decides all that is random
impairments-seed = random faults: --seed { $seed } repeats them
verdict-unknown = the server answers in words of its own: whether it accepted the submission cannot be told

## Failures: what happened, to whom, and what to try

# $peer (text) - address and port of the server
failure-refused = nothing listens at { $peer }: start the server first
# $peer (text) - the address at which nothing listens
# $found (text) - the address at which a program of this computer listens
nearby-address = nothing listens at { $peer }, but a program does at { $found }: use that address, or have the server listen at this one
# $transport (text) - udp or tcp, which the exercise uses
nearby-protocol = nothing listens at { $peer } over { $transport ->
    [udp] UDP, but a program does over TCP: this exercise is UDP (in Python, SOCK_DGRAM)
   *[tcp] TCP, but a program does over UDP: this exercise is TCP (in Python, SOCK_STREAM)
}
# $who (text) - the program's command
# $port (number) - the port at which it listens
nearby-port = nothing listens at { $peer }, but { $who } does at port { $port }: both ends must use the same port
nearby-somebody = a program
# $said (text) - that nothing listens there, and where a program does
sent-but = sent, and { $said }
# $seconds (number) - how long the client waited
# $peer (text) - address and port of the server
# $way (text) - udp-here, udp-gone, udp-away, tcp-here, tcp-away: the protocol, and whether the server is on this computer
failure-no-reply = no reply in { $seconds } s from { $peer }: { $way ->
    [udp-here] a program of this computer has that port and does not answer: see what it waits for, and whether it answers to the address that the question came from
    [udp-gone] no program of this computer has that port any more: yours has ended, or closed its socket, without an answer; see what it says
    [tcp-here] the connection is open and nothing comes: see what the server waits for
    [tcp-away] the connection is open and nothing comes: see what the server waits for
   *[udp-away] the server may be down, a datagram was lost, or you are outside the lab's network (VPN)
}
# $peer (text) - address and port of the server
# $seconds (number) - how long the client waited
failure-connect-timeout = no connection to { $peer } in { $seconds } s: { $way ->
    [tcp-here] the program of this computer that listens there accepts no more connections: see what it waits for
   *[tcp-away] check the address and its firewall, and that you are in the lab's network (VPN)
}
# $peer (text) - address and port of the server
failure-unreachable = no route to { $peer }: { $way ->
    [udp-here] check the address
    [udp-gone] check the address
    [tcp-here] check the address
   *[udp-away] check the address, your network and the lab's VPN
}
# $peer (text) - address and port of the other end
failure-reset = { $peer } broke the connection off: see what the other program says, and try again
# $peer (text) - address and port of the server
failure-closed-early = { $peer } closed the connection without an answer: check that it is the right server, and see what it says
# $peer (text) - address and port of the server
failure-rejected = { $peer } rejected the submission: put right what its answer says, and submit again
failure-untrusted = the server's certificate is not trusted, or is not of that name: check the address, and give the lab's certificate with --ca
failure-not-tls = the other end does not speak TLS, or broke it off: check that both use --tls, and the port
failure-speaks-tls = the server speaks TLS at that port and this client did not: add --tls (and --ca FILE for the lab's own certificate)
failure-not-text = the server's answer is not text: check that it is the right server, and its port
# $detail (text) - what is wrong with the server's certificate
failure-certificate = the server's certificate cannot be trusted: { $detail }
# $bytes (number) - how long the user's line is
# $most (number) - how long it may be
failure-too-long = your line has { $bytes ->
    [one] { $bytes } byte
    [16777216] { $bytes } bytes or more
   *[other] { $bytes } bytes
} and a datagram carries at most { $most }: send a shorter one
# $bytes (number) - how long the user's line is
# $most (number) - how long it may be
failure-line-too-long = your line has { $bytes ->
    [one] { $bytes } byte
    [16777216] { $bytes } bytes or more
   *[other] { $bytes } bytes
} and may have at most { $most }: send a shorter one
# $options (text) - those that were not given
failure-no-field = the input ended before the submission was whole: give { $options }, or type what is asked for
failure-no-input = there is no line to send: type one, or pass it on standard input
# $address (text) - the address to listen on
failure-address-in-use = another program already uses { $address }: stop it, or choose another port with --listen :PORT
# $address (text) - the address to listen on
failure-address-waits = no program uses { $address }, but its last connection ended less than a minute ago and the system still keeps the port, because that server did not set SO_REUSEADDR: wait for 60 s, or choose another port with --listen :PORT
# $address (text) - the address to listen on
failure-address-not-available = { $address } is not an address of this computer: listen on one of its own, or on all with --listen { $all }
# $address (text) - the address to listen on
failure-denied = the system does not allow the use of { $address }: choose a port above 1023 with --listen :PORT, and check the firewall
# $peer (text) - address and port of the server
failure-reply-too-big = { $peer } answered more than this exercise can hold: check that it is the right server
# $what (text) - opening, receiving, sending, or what was being done
# $detail (text) - the system's own words
failure-io = { $what ->
    [opening] could not open the socket: { $detail }; check the address, and try again
    [receiving] could not receive: { $detail }; try again
    [sending] could not send: { $detail }; try again
   *[other] { $what }: { $detail }
}
# $value (text) - what --lang was given
lang-unknown = --lang does not know "{ $value }": use es or en

## Fields of a submission

name-empty = the name is empty, or nothing of it can be seen: type your name and surname
name-ampersand = the name has an "&", which separates the fields: write "and" instead
name-too-long = the name is too long: at most 512 bytes
name-control = the name has a control character: type it again
dni-letter = the DNI goes without its letter: type only its digits
dni-not-digits = the DNI has something that is not a digit: type only the digits, without blanks, dots or the letter
dni-missing = there is no DNI: give --dni DNI, set SOCKLAB_DNI, or type it when it is asked for
dni-length = the DNI has 6 to 8 digits: type them all, with the zeros at the front
dni-empty = the DNI is empty: type its digits, without the letter
code-length = the code has exactly 6 digits: type the one that your phone shows now
code-not-digits = the code has something that is not a digit: type the 6 digits that your phone shows now
code-empty = the code is empty: type the 6 digits that your phone shows now

## Replies of the submission server, on the wire after `OK ` or `ERROR `

# $number (number) - its place in the register
reply-accepted = registered with number { $number }
# $number (number) - the place it has
reply-already = already registered, with number { $number }
reply-other-name = already registered, under another name: if somebody else submitted with your DNI, tell your lecturer
reply-code-wrong = the code is not valid now: check your phone's clock and all digits of the DNI, and send the next code
reply-code-used = that code has been used: wait for the next one, 30 s at most
reply-format = the format is name&DNI&code, for example Ana García&12345678&123456
reply-dni-letter = the DNI is sent without its letter: only its digits
reply-dni-letter-nie = a DNI is sent without its letter, and a NIE with both of its letters, which must be right: X1234567L
reply-busy = the server is busy: send it again in a few seconds
reply-unavailable = the register cannot record anything at the moment and your submission is not confirmed: tell your lecturer, and send it again later
# $seconds (number) - how long to wait
reply-throttled = too many attempts: wait { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
} and send it again
reply-unknown = that DNI is not in the list of the class: check its digits and the zeros at its front, or tell your lecturer
# $receipt (text) - ten letters and digits that prove it
reply-receipt = ; receipt { $receipt }
# $seconds (number) - how old the code is
reply-code-behind = the code was valid { $seconds } s ago: send the one that your phone shows now, and check its clock
# $seconds (number) - how early the code is
reply-code-ahead = the code will be valid in { $seconds } s by the server's clock: set your phone's to automatic time
reply-zeros = the code is right for that DNI with other zeros at its front: send the same digits that your code is made from
reply-name-nul = the name has a NUL character: send it as text
reply-clock = the server's clock is behind, so it cannot judge codes now: tell your lecturer, and send the next code later
reply-refused = not accepted: check the clock of your phone and all that you sent, wait for the next code and send it again; if it goes on, tell your lecturer

## The register

# $name (text) - the student's name, as sent
# $dni (text) - the DNI, masked
# $peer (text) - whence it came
# $said (text) - what was answered
submission-decided = { $name } ({ $dni }) from { $peer }: { $said }
rehearsing = rehearsal: every mistake is explained and nothing is stored; until it ends, it remembers which DNI has submitted under which name, and which codes were used
# $detail (text) - what the database said
register-failed = the register failed, so nothing is confirmed until it has been opened anew and checked: { $detail }
register-full = the register's disk is full, so nothing is confirmed: free some space ({ $detail })
register-moved = the register was touched by another program ({ $detail }): nothing is confirmed until its own file is back in its place
register-busy = another program keeps the register busy, so these were not confirmed: { $detail }
# $detail (text) - which DNIs, masked, and what is wrong
register-damaged-entry = what the register has of these DNIs is damaged, so they cannot submit, and others can: { $detail }; socklab register verify says more
secrets-remembered = this register's codes are made from random secrets, as before (--secret dni would change that)
secrets-given-up = codes are made from the DNI from now on, and were made from random secrets before: whoever knows a DNI can submit in its name
register-queue-full = the register is too slow for the attempts that come: too many wait, so further ones are told that they were not recorded
register-recovered = the register has been opened anew and is whole: submissions are confirmed again
# $detail (text) - how many seconds
clock-back = this computer's clock is { $detail } s behind the latest code that was accepted: codes are refused until it has passed that; if it is right now, and was wrong then: socklab register clock --right
clock-ahead = this computer's clock has jumped ahead by { $detail } s: check that it is right
# $place (text) - the register
# $detail (text) - what the system or the database said
trouble-open = the register { $place } cannot be opened: { $detail }
trouble-missing = there is no register { $place }: go to the folder in which its server was started, or name the file with --register
trouble-foreign = { $place } is not a register of socklab: give another file to --register
trouble-empty = { $place } is empty, and an empty file is not a register: bring a backup back (socklab register restore FILE), or delete it to begin a new one
trouble-newer = { $place } was made by a newer socklab: use that one ({ $detail })
trouble-not-durable = the register { $place } could lose what it confirms: { $detail }
trouble-read-only = the register { $place } cannot be written, nor can what belongs beside it: allow this user to write into its folder, or copy it to another one with all files of its name ({ $detail })
trouble-busy = another program keeps the register { $place } busy: try again ({ $detail })
trouble-in-use = the register { $place } is in use: stop its server and try again ({ $detail })
trouble-exists = the register { $place } has this already: { $detail }
trouble-moved = the register { $place } is no longer the file that was opened: try again ({ $detail })
trouble-full = there is no room left for the register { $place }: free some space ({ $detail })
trouble-broken = the register { $place } failed: { $detail }
trouble-entry = what the register { $place } has of a student is damaged: { $detail }
trouble-silent = the register { $place } does not answer ({ $detail }): check that its server runs and can be reached
trouble-password = the register { $place } is named with a password, which everybody on this computer can see (ps): leave it out of the address, and put it into PGPASSWORD or ~/.pgpass
trouble-key = the key of the register { $place } cannot be used: { $detail }
trouble-key-name = the register { $place } uses a new key now, but the key's file could not be given its name ({ $detail }): take .next from the end of its name, and start the servers again
trouble-uncertain = it is not known whether the register { $place } recorded this: { $detail }
trouble-output = the output cannot be written: { $detail }
trouble-input = this cannot be used: { $detail }
# What is behind a register's error:
# $name (text) - the name that was given
# $version (number) - the version of its tables
# $newest (number) - the newest version that this program knows
# $mode (text) - a setting, or the mode of a file
# $synchronous (number) - a setting of SQLite
# $fault (text) - what SQLite says
# $text (text) - a part of the address
# $count (number) - how many secrets there are
# $at (number) - which column
# $found (text) - its value
# $key (text) - the name of the value
# $number (number) - which submission
# $grade (text) - the grade
# $maximum (text) - the maximum
detail-no-random-bytes = the system has no random bytes
detail-exists = it is there already
detail-not-a-file = it is not a file
detail-not-text = its path is not UTF-8 text
detail-sqlite-name = a register is a file: write ./{ $name } if that is its name
detail-moved = it was moved, deleted or replaced
detail-log-moved = its log was moved or deleted
detail-replaced = something else was written into it
detail-read = another program reads it
detail-has-log = it is in use, or was not closed, and has a log beside it
detail-other-version = it is of another version
detail-other-program = it is a database, but of another program
detail-schema = its schema is version { $version }, and this program knows up to { $newest }
detail-settings = journal_mode={ $mode }, synchronous={ $synchronous }: keep the file on a local disk
detail-itself = it is the register itself
detail-not-a-register = it is not a register
detail-damaged = it is damaged ({ $fault })
detail-postgres-backup = PostgreSQL makes and restores its own backups: use pg_dump and pg_restore
detail-no-fsync = the server runs with fsync off
detail-no-answer = no answer within { $seconds } s
detail-scheme = an address begins with postgres:// or postgresql://
detail-ssl-mode = sslmode={ $mode } is not one of disable, require and verify-full
detail-ssl-root-cert = sslrootcert is for sslmode=verify-full
detail-percent = { $text }: a per-cent sign must be followed by two hexadecimal digits
detail-open-to-all = others may read it (mode { $mode }): chmod 600 it
detail-not-a-key = it is not a key file
detail-no-key-file = the register has secrets and their key file is not there
detail-wrong-key = { $count ->
    [one] it does not decrypt the register's { $count } secret
   *[other] it decrypts none of the register's { $count } secrets
}
detail-sealed = the key file does not decrypt the secret
detail-not-sealed = a secret cannot be encrypted
detail-column = column { $at } has an unexpected value: { $found }
detail-own = its own value { $key } is missing or damaged
detail-no-attempt = submission { $number } has no attempt
detail-not-recorded = a change was not recorded
detail-used-meanwhile = a code was used by another server at the same moment
detail-grade = the grade { $grade } is not between 0 and the maximum { $maximum }
# $lab (text) - the exercise
# $count (number) - how many submissions
# $failures (number) - how many attempts failed
status-submissions = { $lab }: { $count ->
    [one] { $count } submission
   *[other] { $count } submissions
}, { $failures ->
    [one] { $failures } failed attempt
   *[other] { $failures } failed attempts
}
# $group (text) - the group
# $count (number) - how many have submitted
# $of (number) - how many there are
status-group = group { $group }: { $count } of { $of }
# $count (number) - how many of them were late
status-late = , { $count } late
# $time (text) - by how much
list-late = { "  " }(late by { $time })
# $value (text) - what was typed
deadline-time = "{ $value }" is no time: write it as 2026-11-20T18:00
# $lab (text) - the exercise
deadline-none = { $lab } has no deadline
# $time (text) - when
deadline-all = due at { $time }
# $group (text) - the group
# $time (text) - when
deadline-group = group { $group }: due at { $time }
# $lab (text) - the exercise that was asked for
# $list (text) - the exercises with attempts
hint-labs = nothing was sent to { $lab }; what there is was sent to { $list }: choose with --lab
# $name (text) - who
# $dni (text) - the DNI
status-missing = { "  " }missing: { $name } ({ $dni })
# $seconds (number) - how far the clock is behind
status-clock = this computer's clock is { $seconds } s behind the latest code that was accepted, and codes are refused until it has passed that; if it is right now, and was wrong then: socklab register clock --right
# $dni (text) - the DNI
status-guessed = somebody may be guessing: a hundred wrong codes or more in a row for { $dni }; right ones are accepted all the same (look: socklab register why --dni { $dni }; seen: socklab register unlock --dni { $dni })
# $ip (text) - the address
# $count (number) - how many attempts
status-unrecorded = { $count ->
    [one] { $count } attempt from { $ip } was only counted
   *[other] { $count } attempts from { $ip } were only counted
}: DNIs that are not in the register, or too many
# $count (number) - how many attempts
status-unrecorded-others = { $count ->
    [one] { $count } attempt from other addresses was only counted
   *[other] { $count } attempts from other addresses were only counted
}: DNIs that are not in the register, or too many
# $dni (text) - the DNI
# $list (text) - the addresses
finding-addresses = one DNI from several addresses: { $dni } from { $list }
# $ip (text) - the address
# $count (number) - how many
# $list (text) - the DNIs
finding-dnis = several DNIs from one address: { $count } from { $ip } ({ $list })
# $dni (text) - the DNI
# $sent (text) - the name that was sent
# $roster (text) - the name in the roster
finding-name = another name than in the roster: { $dni } sent { $sent } and is { $roster }
# $dni (text) - the DNI
# $submitted (text) - the name of the submission
# $list (text) - the other names
finding-names = one DNI under several names: { $dni } submitted as { $submitted }, and right codes came as { $list } too
# $list (text) - the DNIs
finding-zeros = only zeros apart: { $list }
why-accepted = accepted
why-already = a right code once more; the first submission stands
# $count (number) - how many
why-turned-away = { $count ->
    [one] { $count } more attempt was turned away unread
   *[other] { $count } more attempts were turned away unread
}
# $dni (text) - the DNI
why-nothing = there is no attempt of { $dni }: look for it with other zeros at its front
receipt-unknown = that receipt was not given by this register: check its letters and digits
# $dni (text) - the DNI
register-unlocked = the failures of { $dni } are forgiven
# $dni (text) - the DNI
register-not-locked = { $dni } has no failures to forgive
# $count (number) - how many students
register-roster = the class has { $count ->
    [one] { $count } student
   *[other] { $count } students
}
# $file (text) - the roster
# $list (text) - what each column is
roster-columns = { $file }: { $list }
# $list (text) - headers
roster-ignored = columns that are ignored: { $list }
# $list (text) - the first student
roster-first = the first: { $list }
# $count (number) - how many students
roster-short = { $count ->
    [one] { $count } DNI has fewer than 8 digits
   *[other] { $count } DNIs have fewer than 8 digits
}: if a spreadsheet dropped zeros at the front, put them back
roster-field-dni = DNI
roster-field-name = name
roster-field-surname = surname
roster-field-surname2 = second surname
roster-field-group = group
roster-field-email = e-mail
# $file (text) - the roster
# $line (number) - its line
# $detail (text) - what is wrong with it
roster-refused = { $file }, line { $line }: { $detail }
roster-encoding = it is not UTF-8 text, or some of its letters are lost: save the file as "CSV UTF-8"
roster-quote-open = a quote (") opens a value and is not closed on this line: close it, or remove it
roster-quote-inside = a quote (") is in the middle of a value: put the whole value in quotes and write the quote twice, or remove it
roster-after-quote = text follows the quote (") that closes a value: put all of the value in the quotes
# $found (number) - how many values
# $columns (number) - how many columns
roster-values = it has { $found ->
    [one] { $found } value
   *[other] { $found } values
} and the header has { $columns ->
    [one] { $columns } column
   *[other] { $columns } columns
}: put a value that contains the separator in quotes ("García, Ana"), and leave no separator out
# $value (text) - what follows the blank
roster-blank = a blank follows the comma before "{ $value }": if that comma belongs to the value, put all of it in quotes ("García, Ana"); if not, remove the blank
# $list (text) - headers
roster-no-header = the file is empty: its first line must name the columns
roster-long = a value has { $bytes } bytes and may have { $most } at most: "{ $value }…"
roster-no-dni = no column is called DNI, NIF or ID number: the first line must name the columns, and it has { $list }; say --column dni=HEADER if the DNI has another name
# $field (text) - what they hold
# $word (text) - its word on the command line
# $list (text) - headers
roster-twice = { $list } may both be the { $field }: say which with --column { $word }=HEADER, or remove one
# $value (text) - the header that was asked for
# $list (text) - headers
roster-no-column = no column is called "{ $value }"; there are { $list }
# $value (text) - what stands there
# $detail (text) - why it is no DNI
roster-dni = "{ $value }" cannot be the DNI: { $detail }
# $letter (text) - the right letter
roster-dni-letter = the letter of that number is { $letter }: check its digits
roster-dni-foreign = it is a foreigner's number (NIE), which must have both its letters, and right: X1234567L
# $value (text) - what stands there
roster-email = "{ $value }" cannot be the e-mail address, because it has no @: check that no value is missing before it
# $first (number) - the other line
roster-again = that DNI is on line { $first } too
roster-empty = there is a header and no student: the class would be empty; say --empty to register roster if you mean it
# $dni (text) - the DNI
# $count (number) - how many attempts
register-forget-ask = this takes { $dni } out of the register for ever, with { $count ->
    [one] { $count } attempt
   *[other] { $count } attempts
}: say --yes if you mean it
# $count (number) - how many attempts
register-forgot = forgot { $count ->
    [one] { $count } attempt
   *[other] { $count } attempts
}; the codes stay used
register-clock-fine = this computer's clock is not behind the latest code that was accepted
register-clock-trusted = the clock counts as right now: codes are judged by it again, also by a server that is running
# $dni (text) - the DNI
register-in-memory = warning: the register { $place } is in this computer's memory (tmpfs) and will be gone when it restarts: keep it on a disk
register-bad-secret = the secret of { $dni } cannot be decrypted: give that student a new one (socklab register enrol --dni { $dni } --replace --sheet card.html)
register-whole = the register is whole
register-damaged = the register is damaged: stop the server, keep the file, and go back to the last backup
# $place (text) - the register
# $file (text) - the backup
register-restored = { $place } is a copy of { $file } now
# $file (text) - the other name
register-kept = what was there before is kept as { $file }
# $file (text) - where the log is now
register-other-names = warning: the register { $file } has { $names } names (hard links): use this one alone and delete the others, or a program that uses another will damage it
log-set-aside = the log beside the register belonged to another file: it was not used, and is kept as { $file }
# $file (text) - the copy
register-saved = all that was confirmed is in { $file }: stop the server, and bring it back with socklab register restore { $file }
# $dni (text) - the DNI
# $name (text) - the name
moodle-unmatched = { $dni } ({ $name }) is not on the roster and is left out: Moodle would stop at it
moodle-late = late
# $count (number) - how many
moodle-dry-run = { $count ->
    [one] { $count } submission is not on the roster
   *[other] { $count } submissions are not on the roster
}; nothing was written
# $count (number) - how many lines
exported = wrote { $count ->
    [one] { $count } line
   *[other] { $count } lines
}
enrol-nobody = there is nobody to enrol: load a roster first (socklab register roster FILE), or all have their secrets
# $dni (text) - the DNI
enrol-already = { $dni } has a secret already: --replace gives a new one, and the old card counts no more
# $count (number) - how many
# $file (text) - the sheet
enrolled = { $count ->
    [one] { $count } secret
   *[other] { $count } secrets
} on { $file }: print it, hand it out, and destroy it
# $file (text) - the key file
enrol-key = the secrets are encrypted under { $file }: keep it with the server and away from the register's backups
# $file (text) - the sheet
sheet-void = the register did not record the secrets: the cards in { $file } do not count, delete them
# $file (text) - the sheet
sheet-uncertain = the cards in { $file } may count or not: delete them, and make new ones with another --sheet (with enrol, also --replace)
# $count (number) - how many secrets
rekeyed = { $count ->
    [one] { $count } secret is encrypted under a new key: its card still counts
   *[other] { $count } secrets are encrypted under a new key: their cards still count
}
rekey-damaged = the key is still the old one: give these students new secrets first, or go on without them (socklab register rekey --skip-damaged)
rekey-nobody = nobody has a secret, so there is no key to replace
rekey-servers = stop the servers of this register and start them again: they still have the old key
sheet-title = One-time codes
sheet-advice = Cut the cards up and give each student theirs: whoever has a card can submit in that name. Scan the code with an authenticator app.

## Certificates

# $file (text) - the certificate's file
# $detail (text) - what is wrong with it
certificate-warning = { $file }: clients may refuse this certificate: { $detail }
# $file (text) - the certificate's file
certificate-reloaded = { $file } has been read again: new connections have this certificate
# $detail (text) - which file, and what is wrong with it
certificate-kept = the certificate stays as it was: { $detail }
# $peer (text) - whose program it is
# $detail (text) - why
certificate-refused = { $peer } refused this server's certificate: { $detail }
# $time (text) - when
certificate-expired = it expired at { $time } by this computer's clock: make a new one, or set the clock right
# $time (text) - when
certificate-not-yet = it is valid only from { $time } by this computer's clock: set the clock right
# $name (text) - what was asked for
# $list (text) - the names it has
certificate-name = it is not for { $name } but for { $list }: use a name that it has
certificate-issuer = no authority that this client trusts has signed it: give the lab's certificate with --ca
certificate-authority = it is a CA certificate, where a server's own is expected: make it with basicConstraints=CA:FALSE, or put the server's own certificate first in the file
# $detail (text) - the library's words
certificate-other = { $detail }
refusal-expired = by its clock it has expired, or is not yet valid
refusal-issuer = it does not trust who signed it: give students the certificate (--ca)
refusal-bad = it is not for the name that was typed there, or is damaged
refusal-unsupported = it may not be used for a server
refusal-revoked = its authority has taken it back
refusal-unknown = it does not say why
tls-no-certificate = there is no certificate in PEM in it (-----BEGIN CERTIFICATE-----)
tls-no-key = there is no private key in PEM in it (-----BEGIN PRIVATE KEY-----)
tls-encrypted-key = the key is encrypted under a passphrase, which a server has nobody to ask for: write it without one (openssl pkey -in KEY -out NEW)
# $detail (text) - the library's words
tls-key = a key of this kind cannot be used ({ $detail }): make an EC or RSA key
tls-mismatch = the key belongs to none of the certificates: give the key that the certificate was made with
# $at (number) - which certificate, from 1
tls-order = the chain is in the wrong order: the key belongs to certificate { $at } of the file, which must come first
# $detail (text) - the library's words
tls-unreadable = a certificate in it cannot be read: { $detail }
# $name (text) - the name
tls-name = { $name } is no name that a certificate can have

## A rehearsal: what came, part by part, and what is to be said of it

# $peer (text) - whence it came
# $bytes (number) - how many bytes
# $pieces (number) - in how many calls they were received
rehearsal-from = { $peer } sent { $bytes ->
    [one] { $bytes } byte
   *[other] { $bytes } bytes
}, which came in { $pieces ->
    [one] { $pieces } piece
   *[other] { $pieces } pieces
}
# $text (text) - the message, or the part
rehearsal-from-cut = { $peer } sent { $bytes } bytes or more, which came in { $pieces ->
    [one] { $pieces } piece
   *[other] { $pieces } pieces
}: a submission has { $bytes } bytes at most, and no more of it is read
rehearsal-message = message: { $text }
rehearsal-name = name: { $text }
rehearsal-dni = DNI: { $text }
rehearsal-code = code: { $text }
rehearsal-answer = answer: { $text }
# $said (text) - what is wrong, and what to change
rehearsal-wrong = wrong: { $said }
# $said (text) - what is worth knowing
rehearsal-note = note: { $said }
rehearsal-nothing = nothing came: after connecting, send the message (in Python, sendall), and only then wait for the answer
# $count (number) - how many there are
rehearsal-separators = it has { $count } "&" and needs two: name&DNI&code, for example Ana García&12345678&123456
# $other (text) - what stands in its place
rehearsal-separator = its parts are separated by "{ $other }": write "&" between them, and nothing else
rehearsal-utf16 = it is UTF-16: send it as UTF-8 (in Python, text.encode())
rehearsal-tls = it is the beginning of TLS, and this port takes plain text: leave --tls or ssl out, or use the port that has TLS
rehearsal-struct = it is a struct of C, with its fields filled up with NULs: send one text, name&DNI&code (snprintf, and then as many bytes as it has)
# $count (number) - how many messages came
# $right (number) - how many of them were right
rehearsal-summary = what to explain next time ({ $count ->
    [one] { $count } message
   *[other] { $count } messages
}, { $right } right):
# $count (number) - how many messages had it
# $said (text) - what was wrong
rehearsal-cause = { $count } × { $said }
rehearsal-bom = it begins with a byte-order mark, which is skipped: it need not be sent
# $count (number) - how many bytes
rehearsal-after = after the message { $count ->
    [one] { $count } more byte came, which nobody reads: it need not be sent
   *[other] { $count } more bytes came, which nobody reads: they need not be sent
}
rehearsal-swapped = the code is where the DNI should be: the order is name&DNI&code
# $count (number) - how many bytes it has
rehearsal-name-long = the name has { $count } bytes and may have 512 at most
rehearsal-name-not-utf8 = the name is not UTF-8, so it is taken for Windows-1252: send it as UTF-8 (in Python, text.encode())
rehearsal-name-ampersand = the name has an "&": it is taken, because the last two "&" of the message count
rehearsal-name-quoted = the name begins as when a program prints a value and not its text: if you meant none of that, send the text alone (in Python, text.encode() and not str of it)
rehearsal-dni-blanks = there are blanks around the DNI: send only its digits
rehearsal-code-blanks = there are blanks in the code or around it: send its 6 digits together (in Python, strip and replace)
# $hours (number) - how far off the clock is; negative is behind
rehearsal-code-hours = the code is that of a clock that is { $hours } h off: set the time zone, or use UTC to make it
# $dni (text) - the digits that the code was made from
rehearsal-code-zeros = the code is that of { $dni }: send the same digits that it was made from, with the same zeros at the front
rehearsal-code-twice = the secret was encoded in base32 twice: do it once
rehearsal-code-not-encoded = the DNI itself was used for the secret in base32: encode its digits in base32 first
rehearsal-code-letter = the code was made from the DNI with its letter: make it from the digits alone
rehearsal-code-wrong = the code is not that of this DNI, now or in the 5 minutes before and after: check that both are made from the same digits, and the phone's clock (socklab otp clock)
rehearsal-right = all of it is right

## What cannot be right in what the other end sent

# $received (text) - what came
# $expected (text) - what had to come
# $number (number) - where they part, or how many bytes
odd-differs = { $received } instead of { $expected }, from character { $number } on
odd-longer = { $received } instead of { $expected }, { $number ->
    [one] { $number } byte
   *[other] { $number } bytes
} too many
odd-shorter = { $received } instead of { $expected }, { $number ->
    [one] { $number } byte
   *[other] { $number } bytes
} too few
# $what (text) - what is wrong
# $cure (text) - how it is done in Python
odd-cure = { $what } In Python: { $cure }
# $difference (text) - what came, what had to come, and where they part
odd-wrong-reply = wrong reply: { $difference }
odd-wrong-banner = wrong greeting: { $difference }
# $text (text) - what came
odd-no-end = the server has said { $text } and does not close: a client that reads until the end waits for ever (in Python, connection.close())
odd-unended-line = a line has begun with { $text } and does not end: a line feed belongs after it (in Python, text.encode() + b"\n")
odd-python-bytes = { $text } is how Python prints bytes: the text itself belongs here (in Python, data.decode(), not str(data))
odd-almost-fin = { $text } is not the last word, which ends the exchange: letter by letter it has to be that, without blanks or a line end
odd-own-capitals = { $text } is what was just said, in capitals: is that an echo server?
odd-more = more of this comes, and is not said any more
# $peer (text) - address and port of the server
failure-no-line-end = what { $peer } answered has no line end: a line feed belongs after each reply (in Python, reply + b"\n")

## One-time passwords

otp-secret = my secret:
otp-uri = my provisioning URI:
otp-code-valid = the code is valid at this moment
otp-code-invalid = the code is not valid at this moment
# $seconds (number) - until the current step ends
otp-remaining = it changes in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
otp-clock-exact = the code is that of this moment: the phone's clock and this computer's agree
# $seconds (number) - how far behind
# $advice (text) - which clock to set
clocks-behind = the phone's clock is about { $seconds } s behind this computer's: { $advice }
# $seconds (number) - how far ahead
# $advice (text) - which clock to set
clocks-ahead = the phone's clock is about { $seconds } s ahead of this computer's: { $advice }
clocks-set-both = set the time of both to automatic
clocks-set-phone = a time server keeps this computer's, so set the phone's time to automatic
# $minutes (number) - how far the search went, to both sides
otp-clock-none = the code belongs to no moment within { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
} of now: check the DNI and that it was enrolled with it, or the dates of the phone and of this computer
otp-clock-ambiguous = the code belongs to more than one moment: wait for the next one, and type that
otp-dni-is-secret = the DNI is the secret, and it travels in clear: a code proves only that somebody knows the DNI, not who it is
qr-too-long = this is too long for a QR code: shorten the account or the issuer
# $needed (number) - columns of the QR code
# $there (number) - columns of the terminal
qr-narrow = the QR code takes { $needed } columns and the terminal has { $there }: make it wider, or write a picture with --png FILE or --svg FILE
# $label (text) - the label
otp-label-colon = "{ $label }" has a ":", which separates the issuer from the account in a phone: leave it out
otp-try-rfc = if no code of this phone is ever valid, it may not take the secret's padding: socklab otp enroll --uri-style rfc
# $file (text) - the file's path
wrote-file = wrote { $file }

## Addresses

address-empty = the address is empty: write HOST, :PORT, HOST:PORT or [IPv6]:PORT
# $port (text) - what stands where the port should
address-port = "{ $port }" is not a port: write a number from 1 to 65535
# $host (text) - what stands where the host should
address-host = "{ $host }" is not a host or an IP address: write HOST, HOST:PORT, or :PORT for a port alone
# $host (text) - the name
address-no-ip = no IP address found for "{ $host }": check the name and your network, or write the IP address itself
address-v6-brackets = an IPv6 address with a port goes in brackets: [::1]:16000

## Files

standard-output = standard output
# $file (text) - the file's path
# $detail (text) - what is wrong
transcript-expects-title = line { $line }: expected "socklab transcript 1"
transcript-expects-header = line { $line }: expected exercise, role, runtime, epoch or masked digits, or an empty line
transcript-expects-event = line { $line }: expected an event such as "0.000000000 -> start"
file-error = { $file }: { $detail }
# $file (text) - the file's path
output-database = { $file }: it is a register, or the log or key of one, and is not written over: give another file
output-in-use = { $file }: this command uses it for something else too: give another file
output-exists = { $file }: it is there already and is not written over: give another name, or delete it first
output-of-another-kind = { $file }: it is there already, and this option did not write it: give another name, or delete it first
# $list (text) - the extensions that it may have
output-extension = { $file }: this option does not write such files: give a name that ends in { $list }
output-foreign = { $file }: it holds something else than would be added to it: give another file
output-unread = { $file }: no program reads this pipe: start its reader first
# $mode (text) - the mode, in octal
file-open-to-all = warning: others can read { $file } (mode { $mode }): chmod 600 it
# $most (number) - how many MiB
transcript-full = { $file }: this run has written { $most } MiB of transcripts, and what happens from now on is left out
log-full = { $file }: this run has written { $most } MiB of attempts that were not accepted, and further ones are left out; accepted attempts have another { $most } MiB
log-full-accepted = { $file }: this run has written { $most } MiB of accepted attempts, and further ones are left out here; the register has them
# $detail (text) - what the system said
log-failed = { $file }: it cannot be written to the end, so it is not complete: { $detail }
log-dropped = { $file }: { $lines ->
    [one] { $lines } line is missing
   *[other] { $lines } lines are missing
} from it, because its reader did not take them in time

## The tour

tour-client = CLIENT
tour-server = SERVER
# $exercise (text) - its name
# $runtime (text) - the I/O model
tour-failed = { $exercise } on { $runtime } did not end as it should
tour-intro = Played now on this computer: what crossed, and below it what each model's server did to serve it.
tour-connects = connects
tour-closes = closes
# $count (number) - how many operations would have had to wait
tour-in-vain = {" "}({ $count } in vain)
# $operation (text) - the kind of operation
# $ms (text) - milliseconds
tour-longest = ; longest in { $operation }: { $ms } ms
tour-next = Go on with
tour-next-timeline = where each program waits, measured
tour-next-lesson = who notices that the server is not there? Predict, then measure
tour-next-compare = what each way to wait costs
tour-next-own = in one terminal, your own client in another
tour-next-transcript = every event of both machines
tour-runtime = runtime
tour-would-block = empty-handed
tour-blocked = blocked longest in
tour-transcript = transcript
tour-same = the same
tour-differs = DIFFERS

## Mistakes on the command line: each goes on with usage-help

# $arg (text) - what was typed
usage-unknown = this command does not take "{ $arg }"
# $arg (text) - what was typed
# $near (text) - what was perhaps meant
usage-unknown-near = this command does not take "{ $arg }"; did you mean { $near }?
# $command (text) - what was typed
# $list (text) - what there is
usage-command = "{ $command }" is not a command: use one of { $list }
# $command (text) - what was typed
# $near (text) - what was perhaps meant
usage-command-near = "{ $command }" is not a command; did you mean { $near }?
# $list (text) - what there is
usage-no-command = say what to run: { $list }
# $arg (text) - the option
usage-no-value = { $arg } needs a value
# $arg (text) - the option and its values
usage-too-few = there is a value missing: { $arg }
# $arg (text) - the flag
usage-too-many = { $arg } takes no value
# $arg (text) - the option
# $value (text) - what was typed
# $valid (text) - what can be typed
usage-value = { $arg } does not take "{ $value }": use { $valid }
# $arg (text) - the option
# $value (text) - what was typed
# $near (text) - what was perhaps meant
usage-value-near = { $arg } does not take "{ $value }"; did you mean { $near }?
usage-not-text = an argument is not UTF-8 text: type it again
# $arg (text) - the option
# $value (text) - what was typed
usage-invalid = { $arg } does not take "{ $value }"
# $from (text) - the lowest
# $to (text) - the highest
range-whole = give a whole number from { $from } to { $to }
range-real = give a number from { $from } to { $to }, with a decimal point
range-seconds = give a number of seconds from { $from } to { $to }, with a decimal point, or 0 to wait without limit
range-visible = give a name whose letters can all be seen
# $arg (text) - what was typed
# $listen (text) - what to give --listen
usage-listen = this command does not take "{ $arg }": say where to listen with --listen { $listen }
# $arg (text) - the port that was typed
usage-port = this command does not take "{ $arg }": write a port behind the address, as HOST:{ $arg }
# $arg (text) - what is missing
usage-missing = { $arg } is missing
# $arg (text) - the option
usage-conflict = { $arg } cannot go with the others
usage-lose-stream = TCP loses nothing: it sends again what was lost on the way; --lose is for UDP (message, echo, chat), here there are --pieces and --delay
usage-pieces-datagrams = a datagram arrives whole or not at all: --pieces is for TCP (welcome, capitals, submit), here there are --lose and --delay
usage-seed-alone = --seed decides nothing alone: add --pieces, --lose or --delay
# $runtime (text) - the I/O model
# $list (text) - those that take it
usage-threads = { $runtime } has as many threads as it needs: --threads is for { $list }
# $runtime (text) - the I/O model
# $detail (text) - what the system said
runtime-not-here = { $runtime } is not offered: this system does not have what it needs ({ $detail }); --help names the runtimes that it has
# $runtime (text) - the I/O model
# $detail (text) - what the system said
runtime-no-uring = { $runtime } is not offered: this system refuses an io_uring ({ $detail }). It takes Linux 6.1 or newer, and many containers forbid it; --help names the runtimes that there are
# $runtime (text) - the I/O model
# $exercise (text) - the exercise
runtime-no-tcp = { $runtime } has no TCP, so no { $exercise }: for a connection SIGIO comes for nearly everything and says not what (UNP 25.2). Take another, such as mio
# $runtime (text) - the design
# $list (text) - the exercises that it serves
runtime-processes-serve = { $runtime } only serves { $list }: a client needs no process of its own, and another process has neither the register nor what the server's user types
# $runtime (text) - the design
runtime-processes-no-transcript = { $runtime } writes no transcript: what happens in another process cannot be observed from this one. Take blocking or blocking-pool for that
# $runtime (text) - the I/O model
runtime-spins = { $runtime } uses a whole core as long as it runs, also when there is nothing to do
# $command (text) - the command
usage-help = see: { $command } --help

## What the system says: $text is one of these, $code its number

system-not-found = No such file or directory
system-denied = Permission denied
system-not-permitted = Operation not permitted
system-exists = File exists
system-full = No space left on device
system-quota = Disk quota exceeded
system-file-too-large = File too large
system-read-only = Read-only file system
system-directory = Is a directory
system-not-directory = Not a directory
system-name-too-long = File name too long
system-name = Invalid file name
system-busy = Device or resource busy
system-pipe = Broken pipe
system-refused = Connection refused
system-reset = Connection reset by peer
system-aborted = Software caused connection abort
system-not-connected = Transport endpoint is not connected
system-in-use = Address already in use
system-not-available = Cannot assign requested address
system-network = Network is unreachable
system-host = No route to host
system-timed-out = Connection timed out
system-memory = Cannot allocate memory
system-not-text = it is not UTF-8 text
system-invalid = Invalid argument
system-descriptors = Too many open files
# $text (text) - what happened
# $code (number) - the system's number of it
system-code = { $text } (os error { $code })

## Help

# $list (text) - what it takes
arg-values = one of { $list }
# $value (text) - what it is by default
arg-default = { $value } unless given
# $name (text) - what stands for a value in a command's usage
value-name = { $name }
heading-usage = Usage
heading-commands = Commands
heading-arguments = Arguments
heading-options = Options
heading-examples = Examples
help = One networking lab on every I/O model: the same exercises on threads, tasks and an event loop.
help-examples = socklab tour ; socklab echo server ; printf 'hola\nfin\n' | socklab echo client
help-message = One line, one datagram, no reply (UDP 15002).
help-message-client = Sends one line and leaves; UDP does not tell whether anybody heard it.
help-message-client-examples = socklab message client ; echo hola | socklab message client 192.0.2.7
help-message-server = Waits for one datagram, shows it, and ends.
help-message-server-examples = socklab message server ; socklab message server --listen 0.0.0.0
help-echo = Text comes back in capitals, until the reply is FIN (UDP 16000).
help-echo-client = Sends lines and shows the replies, until FIN or the end of the input.
help-echo-client-examples = socklab echo client ; printf 'hola\nfin\n' | socklab echo client ; socklab echo client lab.example:16000 --retries 3 ; socklab echo client --lose 30 --retries 5
help-echo-server = Answers everybody in capitals; ends after answering FIN.
help-echo-server-examples = socklab echo server ; socklab echo server --listen 0.0.0.0 --keep-serving ; socklab echo server --lose 50 --seed 7
help-chat = Two people take strict turns, the client first, until one sends fin (UDP 16000).
help-chat-client = Begins a chat. A lost datagram leaves both waiting: a repeated message could not be told from a new one, so there is nothing to retry. Without --timeout it waits without limit.
help-chat-client-examples = socklab chat client ; socklab chat client 192.0.2.7 --timeout 60
help-chat-server = Chats with the first client that speaks; others are reported and dropped.
help-chat-server-examples = socklab chat server ; socklab chat server --listen 0.0.0.0
help-welcome = The server greets whoever connects and closes the connection (TCP 19000).
help-welcome-client = Connects and shows what the server says.
help-welcome-client-examples = socklab welcome client ; socklab welcome client [::1]:19000
help-welcome-server = Greets each connection and waits for the next; stays open until Ctrl-C.
help-welcome-server-examples = socklab welcome server ; socklab welcome server --listen :0 ; socklab welcome server --pieces 5 --delay 200
help-capitals = Lines come back in capitals over a connection that stays, until FIN (TCP 16000).
help-capitals-client = Sends each line and shows it in capitals; ends when the reply is FIN.
help-capitals-client-examples = socklab capitals client ; printf 'hola\nfin\n' | socklab capitals client
help-capitals-server = Answers each line of each connection in capitals; FIN ends a connection, and the server stays open until Ctrl-C.
help-capitals-server-examples = socklab capitals server ; socklab capitals server --runtime mio --listen :0 ; socklab capitals server --pieces 1
help-submit = Name, DNI and one-time code go to the lecturers' server, which answers (TCP 21000).
help-submit-client = Submits name, DNI and code; asks for what is missing. The DNI is the secret and travels in clear.
help-submit-client-examples = socklab submit client ; socklab submit client lab.example --name 'Ana García' --dni 12345678
help-submit-server = Verifies and records submissions, and answers each after it is safe on disk. With --secret dni, as in the lab, whoever knows a DNI can submit in its name, and two codes seen on the network are enough to find the DNI: it shows that the protocol works, not who is there. With --secret random a code proves who has the secret; the DNI and name still travel in clear.
help-submit-server-examples = socklab submit server --listen 0.0.0.0 --lab lab3 ; socklab submit server --roster class.csv ; socklab submit server --secret random ; socklab submit server --rehearse
help-register = For lecturers: queries and changes the register of submissions.
help-register-status = Who has submitted, who is missing, by group, and what stands out.
help-register-status-examples = socklab register status --lab lab3 ; socklab register status --watch
help-register-list = Every submission: number, time, DNI, address, receipt, name.
help-register-list-examples = socklab register list --lab lab3
help-register-why = Every attempt of a DNI, and what became of it.
help-register-why-examples = socklab register why --dni 12345678
help-register-export = Writes the submissions as CSV, as JSON lines, or as a gradebook for Moodle.
help-register-export-examples = socklab register export --to lab3.csv --lab lab3 ; socklab register export --format moodle --dry-run ; socklab register export --format moodle --to grades.csv
help-register-receipt = Says which submission a receipt proves.
help-register-receipt-examples = socklab register receipt 7K3QX-M9A2B
help-register-roster = Makes a CSV file the class. Its first line names the columns; DNI, name, surname, group and e-mail are known by their usual names in English and Spanish.
help-register-roster-examples = socklab register roster class.csv ; socklab register roster class.csv --column 'group=Horario'
help-register-enrol = Gives students random secrets, and writes a sheet of QR codes to be printed.
help-register-enrol-examples = socklab register enrol --all --sheet cards.html ; socklab register enrol --dni 12345678 --sheet card.html
help-register-rekey = Encrypts the secrets under a new key, when others may have seen the old one. With --lost, when the old one is gone: then all who have a secret get a new one, and new cards.
help-register-rekey-examples = socklab register rekey ; socklab register rekey --lost --sheet cards.html
help-register-clock = Says whether this computer's clock is behind an accepted code, so that codes are refused.
help-register-clock-examples = socklab register clock ; socklab register clock --right
help-register-deadline = Says when a lab is due, for all or for a group. What comes later counts, and is marked as late in status, list and export.
help-register-deadline-examples = socklab register deadline --lab lab3 2026-11-20T18:00 ; socklab register deadline --lab lab3 --group A1 2026-11-21T12:00 ; socklab register deadline --lab lab3 --group A1 --remove
help-register-unlock = Forgives a DNI its failures: nothing waits for them any more, and status no longer names them.
help-register-unlock-examples = socklab register unlock --dni 12345678
help-register-forget = Takes everything of a DNI out of the register; its codes stay used.
help-register-forget-examples = socklab register forget --dni 12345678 --yes
help-register-backup = Copies the register into a new file, while servers use it.
help-register-backup-examples = socklab register backup register-2026-11-23.db
help-register-restore = Puts a copy of a backup in the register's place, while no server uses it. What was there is kept.
help-register-restore-examples = socklab register restore register-2026-11-23.db
help-register-verify = Checks that the register is whole.
help-register-verify-examples = socklab register verify --register register.db
help-otp = One-time codes (TOTP, RFC 6238) whose secret is the DNI.
help-otp-enroll = Shows the secret, the provisioning URI and its QR code for the phone; on a terminal, then checks a code.
help-otp-enroll-examples = socklab otp enroll --dni 123456 ; socklab otp enroll --dni 123456 --png qr.png --no-verify
help-otp-code = Shows the code of this moment.
help-otp-code-examples = socklab otp code --dni 123456
help-otp-verify = Says whether a code is valid at this moment.
help-otp-verify-examples = socklab otp verify --dni 123456 186818 ; socklab otp verify --dni 123456 186818 --window 1
help-otp-clock = Compares the clock of the phone that shows a code with this computer's.
help-otp-clock-examples = socklab otp clock --dni 123456 186818
help-completions = Prints the script with which a shell completes this command.
help-completions-examples = socklab completions bash > ~/.local/share/bash-completion/completions/socklab ; socklab completions fish > ~/.config/fish/completions/socklab.fish
help-transcript = What a program saw and did, as text.
help-transcript-show = Checks a transcript and prints it.
help-transcript-show-examples = socklab echo client --transcript echo.txt ; socklab transcript show echo.txt --canonical
help-tour = Runs every exercise for real on this computer and shows both ends side by side.
help-tour-examples = socklab tour ; socklab tour echo
help-arg-help = Show this help
help-arg-version = Show the version
help-arg-lang = The language: es or en (else SOCKLAB_LANG, else the locale)
help-arg-quiet = Show nothing but failures
help-arg-runtime = The I/O model to run on
help-arg-transcript = Write what happens into FILE (64 MiB of it at most)
help-arg-tour-transcript = Show every event of both machines instead
help-arg-unmasked = Leave DNIs and codes in the transcript readable
help-arg-shell = The shell
help-arg-raw = Show what the peer said as it is, control characters and all
help-arg-address = The server: HOST, :PORT, HOST:PORT or [IPv6]:PORT (127.0.0.1 and the exercise's port unless given)
help-arg-timeout = How many seconds to wait for a reply; 0 for as long as it takes
help-arg-listen = Where to listen: HOST, :PORT, HOST:PORT or [IPv6]:PORT; port 0 for any free one
help-arg-retries = How often to send a line again that was not answered in time: 0 to 100
help-arg-pieces = Send what goes over TCP in pieces of 1 to N bytes, at least 1 ms apart: 1 to 65536
help-arg-delay = Send everything MS milliseconds later; with --pieces, each piece MS after the one before: 0 to 60000
help-arg-lose = Lose so many of 100 datagrams that this end would send, at random: 0 to 100
help-arg-seed = What all that is random is drawn from: the same seed repeats it
help-arg-inherited = Serve the socket that is the standard input; for the program itself
help-arg-threads = How many threads a server has whose runtime has a fixed number: blocking-pool or blocking-prefork (else 2 for each core, at least 4), mio-loops (else 1 for each core, at least 2) or, with TCP, tokio (else 1 for each core)
help-arg-keep-serving = Go on after answering FIN
help-arg-name = Your name
help-arg-dni = Your DNI: its 6 to 8 digits, without the letter (else SOCKLAB_DNI, else it is asked for, unseen)
help-arg-otp = The code that your phone shows now
help-arg-account = The account's label on the phone
help-arg-issuer = The issuer's label on the phone
help-arg-uri-style = lab: as the course writes it; rfc: the secret without padding
help-arg-png = Write the QR code into a new PNG file
help-arg-svg = Write the QR code into a new SVG file
help-arg-no-qr = Do not draw the QR code on the terminal
help-arg-no-verify = Do not ask for a code
help-arg-code = The six digits
help-arg-window = How many steps of 30 s before and after count too: 0 to 10
help-arg-file = The transcript
help-arg-canonical = Without times, runtime and addresses: what every run has in common
help-arg-exercise = Only this one
help-arg-register = The register: a file, or postgres://user@host/database
help-arg-lab = The exercise under which submissions are filed
help-arg-secret = What codes are made from: the DNI, as in the lab, or a random secret, as enrolled (as the register remembers; at first the DNI)
help-arg-nie = Foreigners' numbers (NIE) are taken too, with both their letters: X1234567L
help-arg-new-dnis = How many DNIs that have not submitted before one address may submit for at once, then one a second; the roster's, those with random secrets and localhost are not limited
help-arg-right = The clock is right now and was wrong before: codes are judged again, though later ones have been accepted
help-arg-key = The file of the key under which random secrets are encrypted (beside the register unless given)
help-arg-roster = Only the class may submit: a CSV file whose first line names its columns (see register roster)
help-arg-column = Say which column holds what, where its header does not: FIELD is dni, name, surname, surname2, group or email; may be given more than once
help-arg-empty = Accept a roster without students: the class is empty then
help-arg-ahead = The code of the next step counts too, for phones whose clock is fast
help-arg-max-connections = How many connections there may be at once, 1 to 1000000; more are told that the server is busy
help-arg-per-address = How many of them may come from one address, 1 to 1000000; a campus may be one address
help-arg-patience = How many seconds an exchange may take in all: 1 to 3600
help-arg-log = Append what happens to FILE as JSON lines, DNIs masked, without codes (64 MiB of attempts at most)
help-arg-rehearse = Show what is received, part by part, explain every mistake, and store nothing; until it ends, it remembers who has submitted and which codes were used
help-arg-watch = Show it again whenever something has changed, until Ctrl-C
help-arg-format = What to write
help-arg-to = Write into FILE instead of standard output (a file that is there is replaced only if this option wrote it)
help-arg-grade-item = The name of Moodle's grade item (the lab's unless given)
help-arg-grade = The grade of a submission
help-arg-maximum = The most that the grade item allows
help-arg-dry-run = Only say whom Moodle would not know
help-arg-receipt = The receipt: ten letters and digits
help-arg-roster-file = The class: a CSV file whose first line names its columns
help-arg-enrol-dni = Whom to enrol; may be given more than once
help-arg-all = Enrol all of the class who have no secret yet
help-arg-sheet = The HTML file to write; it must not be there
help-arg-replace = Give new secrets also to those who have one; their old cards count no more
help-arg-lost = The old key is gone
help-arg-skip-damaged = Go on where single secrets cannot be decrypted: they stay as they are, and their students need new ones
help-arg-due = When: 2026-11-20T18:00, in this computer's time zone, or with an offset (+01:00); without it, the deadlines are shown
help-arg-due-group = Only for this group
help-arg-remove = Take the deadline away
help-arg-yes = Do it without asking
help-arg-backup = The new file
help-arg-restore-from = The backup
help-arg-tls = Encrypt the submission (TLS; port 21001 unless given)
help-arg-ca = Trust the certificates in FILE (PEM) instead of the public authorities
help-arg-tls-files = Take encrypted submissions too, with this certificate and its key (PEM)
help-arg-tls-listen = Where to take encrypted submissions (the same address and port 21001 unless given)
help-arg-batch = How many submissions share a commit at most, 1 to 256; 1 shows what sharing wins
