### `socklab check`, en español.

## Help

help-check = Prueba un ejercicio contra su programa y dice si está bien, qué pasó en la red y qué hay que cambiar.
help-check-examples = socklab check echo server -- python3 UDP_server.py ; socklab check chat client --only turns -- python3 chat_client.py ; socklab check submit client --dni 12345678 -- python3 client.py ; socklab check otp -- python3 otp.py ; socklab check welcome server --connect 127.0.0.1:19000 ; socklab check echo server --scenario mio.txt -- ./servidor
help-arg-check-exercise = El ejercicio
help-arg-check-role = Qué extremo es su programa; otp solo tiene uno
help-arg-check-only = Solo el escenario de este nombre
help-arg-check-list = Nombrar los escenarios
help-arg-check-scenario = Usar los escenarios de FICHERO en vez de los incluidos (docs/check.md)
help-arg-check-connect = Comprobar un servidor que ya está en marcha
help-arg-check-port = El puerto que usa el programa, si no es el del ejercicio
help-arg-check-name = El nombre que se da a un cliente de submit cuando lo pide
help-arg-check-dni = El DNI que se le da, y para el que se hace el código
help-arg-check-format = Qué escribir
help-arg-check-command = Cómo se inicia su programa; {"{host}"}, {"{port}"}, {"{name}"}, {"{dni}"} y {"{code}"} se rellenan

help-arg-check-transcript = Añadir a FICHERO lo que se envió y llegó en cada escenario, como transcripciones (las cifras de submit, ocultas)
help-check-all = Comprueba una práctica entera: busca los programas de una carpeta por sus nombres, los ejecuta y muestra una tabla. Con una carpeta por alumno, todas.
help-check-all-examples = socklab check all practica ; socklab check all entregas --format junit ; socklab check all entregas --map nombres.txt
help-arg-check-folder = La carpeta: la de una práctica, o con una en cada una de sus carpetas
help-arg-check-map = Cómo se arrancan los programas con otros nombres: líneas como «chat client: python3 mi_chat.py»

help-bug = Programas breves con un error, y su arreglo.
help-bug-list = Nombrarlos, con lo que está mal.
help-bug-list-examples = socklab bug list
help-bug-show = Mostrar uno con su arreglo: las líneas con - se van, las líneas con + llegan.
help-bug-show-examples = socklab bug show turn-broken
help-arg-bug-name = Su nombre, como lo da bug list
# $name (text) - lo que se pidió
bug-unknown-near = no existe el ejemplo { $name }; ¿quería decir { $near }?
bug-unknown = no existe el ejemplo { $name }: socklab bug list los nombra

## El doctor

help-doctor = Examina este ordenador antes de clase: Python, pyotp, el reloj, los puertos del laboratorio y si contesta el servidor de los profesores.
help-doctor-examples = socklab doctor ; socklab doctor lab.example ; socklab doctor --dni 123456 --code 186818
help-arg-doctor-code = El código que muestra ahora un teléfono: se compara con él el reloj
help-arg-doctor-dni = El DNI con el que lo hace el teléfono
help-arg-doctor-server = El servidor de los profesores: HOST, HOST:PUERTO o [IPv6]:PUERTO (puerto 21000 si no se dice otro)
# $version (text)
doctor-python = Python { $version }
doctor-healthy = ✓ todo está listo para el laboratorio
doctor-clock = el reloj lo mantiene un servidor de hora
doctor-clock-unknown = este sistema no dice si un servidor de hora mantiene su reloj: compárelo con el código de un teléfono (--dni y --code)
doctor-clock-past = el reloj marca una fecha muy pasada, así que ningún código valdrá: póngalo en hora
doctor-clock-alone = ningún servidor de hora mantiene el reloj, y los códigos cambian cada 30 s: timedatectl set-ntp true
doctor-code-unknown = el código del teléfono no es de ningún momento de la última media hora ni de la próxima: compruebe el DNI y que se dio de alta con él, o las fechas del teléfono y de este ordenador
doctor-no-python = no hay ningún Python: instálelo desde python.org, o python3 con el gestor de paquetes de su sistema
# $detail (text)
doctor-python-fails = Python no se ejecuta ({ $detail }): instálelo de nuevo
# $version (text)
doctor-python-old = Python { $version } es demasiado antiguo: instale la versión 3.8 o una posterior
# $install (text)
doctor-no-pyotp = este Python no tiene pyotp: { $install }
# $version (text)
# $install (text)
doctor-pyotp-refuses = pyotp { $version } rechaza un DNI como secreto: { $install }
doctor-pip = python3 -m pip install "pyotp<2.11.2"
doctor-pip-environment = el Python de este sistema solo admite paquetes en un entorno virtual, que hay que activar en cada terminal nuevo: python3 -m venv lab && . lab/bin/activate && pip install "pyotp<2.11.2"
# $list (text)
doctor-free = puertos libres: { $list }
doctor-serving = puertos en los que escucha un servidor del laboratorio: { $list }
# $address (text)
doctor-reached = el servidor de { $address } contesta
# $exercise (text)
# $port (text)
doctor-port-waits = ningún programa tiene el puerto TCP { $port } ({ $exercise }), pero su última conexión terminó hace menos de un minuto y el sistema aún lo reserva: espere 60 s; un servidor que active SO_REUSEADDR antes de bind no tiene que esperar
# $exercise (text)
# $kind (text)
# $port (text)
# $who (text)
# $process (text)
doctor-port = el puerto { $kind } { $port } ({ $exercise }) lo ocupa { $who } (proceso { $process }): termínelo, o reinicie el ordenador si lo ha reservado el sistema
# $address (text)
doctor-not-reached-here = en este ordenador ningún programa escucha en { $address }: inicie antes el servidor
# $address (text)
# $detail (text)
doctor-not-reached = el servidor de { $address } no contesta ({ $detail }): desde fuera del campus, conecte antes la VPN; si no, pregunte si está en marcha

## The ladder

check-client = cliente
check-server = servidor
# $role (text)
check-we = socklab ({ $role })
# $line (text)
check-line = (línea { $line })
# $text (text)
check-quote = «{ $text }»
# $address (text)
check-listens = escucha en { $address }
check-connects = conecta
check-finishes = no envía más
check-resets = corta la conexión
# $words (text)
check-network = la red: { $words }
check-network-clean = la red vuelve a estar bien
check-closes = cierra
# $text (text)
check-types = teclea { $text }
# $text (text)
check-shows = muestra { $text }
check-silent = calla
# $call (text)
check-waits = espera en { $call }
# $code (text)
check-exits = termina (estado { $code })
check-port-closed = ya ningún programa tiene su puerto
check-starts-again = lo arranca de nuevo
check-killed = lo terminó una señal
# $count (text)
check-bytes = { $count } bytes
check-expected = esperado
check-received = recibido
check-empty = (vacío)

## The verdict

# $text (text)
check-error = Dijo: { $text }
# $text (text)
check-why = Por qué: { $text }
check-no-cause = La causa no está probada; los pasos de arriba son lo que pasó.
check-no-cause-elsewhere = La causa no está probada: desde fuera solo se ven estos pasos. El terminal donde se ejecuta el programa quizá muestre su error.
check-no-cause-error = Este error terminó el programa; qué llevó a él no está probado.
# $line (text)
# $file (text)
# $text (text)
check-place = Línea { $line } de { $file }:  { $text }
check-cure = Cámbielo así:
check-advice = Consejos (no restan; --only NOMBRE muestra uno entero):
# $what (text)
# $count (number)
check-pass = ✓ { $what }: correcto ({ $count ->
    [one] { $count } escenario
   *[other] { $count } escenarios
})
# $what (text)
check-advice-only = Es un consejo: no decide si { $what } es correcto.
# $right (text)
# $wrong (text)
# $left (text)
# $command (text)
check-fail = { $right } bien, { $wrong } mal, { $left } sin probar. Repita solo este: { $command }
# $reason (text)
check-not-checked = Sin comprobar: { $reason }
# $address (text)
check-answers = contesta { $address }
check-kind-essential = decide
check-kind-advice = consejo

## Una práctica entera

# $count (number)
# $folder (text)
check-all-runs = se { $count ->
    [one] ejecuta el programa
   *[other] ejecutan los { $count } programas
} de { $folder }, en este ordenador y con este usuario: Ctrl-C lo termina
# $folder (text)
check-all-none = en { $folder } no hay ningún programa de la práctica: sus nombres deben decir el ejercicio y el extremo (chat_client.py), o --map
# $list (text)
check-all-unknown = no se comprueban, porque sus nombres no dicen el ejercicio y el extremo: { $list }; nómbrelos como chat_client.py, o indíquelos con --map
# $list (text)
check-all-absent = ejercicios sin ningún programa aquí: { $list }
check-all-folder = carpeta
check-all-exercise = ejercicio
check-all-program = programa
check-all-result = resultado
check-all-right = correcto
# $code (text)
# $name (text)
check-all-wrong = { $code } ({ $name })
# $name (text)
check-all-missing = ningún programa tiene un nombre como { $name }
# $list (text)
check-all-several = varios programas tienen un nombre así: { $list }; deje uno o elija con --map
# $file (text)
check-all-source = compile { $file } o diga con --map cómo se arranca
# $command (text)
check-all-explain = Lo que ocurrió, entero: { $command }
# $file (text)
# $line (number)
check-map-wrong = { $file }, línea { $line }: se esperaba una línea como: chat client: python3 mi_chat.py

## Why something was not checked

check-somebody = otro programa
# $port (text)
# $who (text)
# $process (text)
check-reason-port = el puerto { $port } lo tiene { $who } (proceso { $process }): termínelo antes, o use otro puerto con --port
# $port (text)
check-reason-port-waits = ningún programa tiene el puerto TCP { $port }, pero su última conexión terminó hace menos de un minuto y el sistema aún lo reserva: espere 60 s, o active SO_REUSEADDR antes de bind
# $name (text)
check-reason-missing = aquí no hay ningún programa { $name }: compruebe el nombre, o escriba su ruta completa
# $name (text)
check-reason-not-a-command = { $name } no se puede ejecutar así: si es de Python, escriba python3 { $name }; si no, la ruta de un programa ejecutable (./programa)
# $name (text)
check-reason-no-file = no existe el fichero { $name }: compruebe el nombre y la carpeta
# $name (text)
check-reason-store = { $name } es solo el enlace de Windows a su Tienda: instale Python y pruebe py
# $question (text)
check-reason-asks = el programa pregunta «{ $question }», que esta comprobación no conoce: dele el dato en la línea de órdenes
# $address (text)
check-reason-not-reached = ningún programa escucha en { $address }
check-reason-holds-output = el programa guarda lo que escribe en un búfer hasta que termina: vacíelo tras cada línea (en C: fflush(stdout))
check-reason-elsewhere = para esto hay que iniciar aquí el programa: escriba su orden después de --
check-reason-after = falló un escenario anterior
# $detail (text)
check-reason-system = el sistema se negó: { $detail }

## What was typed wrong

check-no-command = escriba después de -- cómo se inicia su programa: socklab check echo server -- python3 UDP_server.py
# $exercise (text)
check-no-role = diga qué extremo de { $exercise } es su programa: client o server
# $exercise (text)
check-one-role = { $exercise } solo tiene un extremo: quite client o server
check-connect-client = --connect es para servidores: a un cliente lo inicia la comprobación, con su orden después de --
# $name (text)
# $list (text)
check-no-such-scenario = no hay ningún escenario { $name }; hay { $list }
check-no-scenarios = no hay escenarios para ese extremo de ese ejercicio
# $file (text)
# $line (text)
# $wrong (text)
check-scenario-wrong = { $file }, línea { $line }: { $wrong }
check-wrong-title = la primera línea debe ser: socklab scenarios 1
check-wrong-exercise = no existe ese ejercicio
check-wrong-order = antes deben ir exercise, program y scenario
check-wrong-move = no es ninguno de los movimientos
check-wrong-network = una red admite lose, duplicate, reorder, reset (de 0 a 100), delay (ms), pieces y seed, como en lose=30 seed=7
check-wrong-text = el texto debe ir entre comillas: "hola"
check-wrong-empty = no contiene ningún escenario

## Qué se vio

check-symptom-never-listens = El programa se ejecuta y no espera clientes donde debe.
check-symptom-exits-early = El programa terminó antes de poder probar nada.
check-symptom-crash = El programa terminó con un error.
check-symptom-no-reply = Le tocaba al programa y no envió nada.
check-symptom-no-request = El programa no envió nada al servidor.
check-symptom-wrong-reply = El programa envió otra cosa.
check-symptom-truncated = El programa envió solo el principio.
check-symptom-not-shown = El programa no mostró lo que debía mostrar.
check-symptom-wrong-output = El programa muestra otra cosa.
check-symptom-never-ends = El programa sigue cuando debería terminar.
check-symptom-ends-early = El programa terminó, o cerró, a la mitad.
check-symptom-hangs = El programa espera algo que no llega.
check-symptom-never-closes = El programa no cierra la conexión.
check-symptom-unreachable = Otros ordenadores no pueden alcanzar el programa.

## Por qué, qué lo prueba y su cura: ¶ separa las líneas

check-what-wrong-port = El puerto no es el del ejercicio.
# $detail (text)
check-seen-wrong-port = Usa el puerto { $detail }, que no es el del ejercicio.
check-why-wrong-port = Lo dice su propio socket.
# $port (text)
# $call (text)
check-cure-wrong-port = ponga el puerto { $port } en { $call }
# $port (text)
check-cure-wrong-port-any = use el puerto { $port }
check-what-wrong-protocol = Su socket no es del protocolo del ejercicio.
# $detail (text)
# $protocol (text)
check-seen-wrong-protocol = Su socket es { $detail }, y el ejercicio usa { $protocol }.
check-why-wrong-protocol = Lo dice su propio socket: los puertos de TCP y de UDP son distintos.
# $kind (text)
# $protocol (text)
check-cure-wrong-protocol = socket.socket(socket.AF_INET, socket.{ $kind })    # { $protocol }
# $protocol (text)
check-cure-wrong-protocol-any = cree un socket { $protocol }
# $kind (text)
check-cure-wrong-protocol-c = en C: socket(AF_INET, { $kind }, 0)
check-cure-wrong-protocol-java = en Java: DatagramSocket es UDP; Socket y ServerSocket son TCP
check-what-loopback-only = Solo pueden alcanzarlo programas de este ordenador.
check-why-loopback-only = Está asociado a una dirección que empieza por 127.
check-cure-loopback-only = serverSocket.bind(("", serverPort))
check-cure-loopback-only-any = asócielo a todas las direcciones de este ordenador (0.0.0.0), no a 127.0.0.1
check-cure-loopback-only-c = en C: own.sin_addr.s_addr = htonl(INADDR_ANY);
check-cure-loopback-only-java = en Java: dé a DatagramSocket o ServerSocket el puerto y ninguna dirección
check-what-address-in-use = Llama a bind con un puerto que ya ocupa.
check-why-address-in-use = El mismo programa lo había asociado antes.
check-cure-address-in-use = llame a bind una sola vez, antes del bucle
check-what-old-server-answers = Otro programa contesta en ese puerto.
check-why-old-server-answers = El puerto lo tiene otro proceso.
check-cure-old-server-answers = termine el otro programa, por ejemplo con Ctrl-C en su terminal
check-what-reply-elsewhere = La respuesta fue a otra dirección que la de la pregunta.
check-why-reply-elsewhere = Su llamada a sendto nombra esa dirección.
check-cure-reply-elsewhere = message, clientAddress = serverSocket.recvfrom(2048)¶serverSocket.sendto(reply, clientAddress)
check-cure-reply-elsewhere-any = envíe la respuesta a la dirección de la que vino la pregunta
check-cure-reply-elsewhere-c = en C: sendto(sock, reply, size, 0, (struct sockaddr *)&peer, length);      // peer: como lo rellenó recvfrom
check-cure-reply-elsewhere-java = en Java: new DatagramPacket(reply, reply.length, packet.getSocketAddress())
check-what-not-capitalised = El texto volvió tal cual.
check-why-not-capitalised = La respuesta tiene exactamente los bytes de la pregunta.
check-cure-not-capitalised = reply = message.decode().upper().encode()
check-cure-not-capitalised-any = responda con el texto en mayúsculas
check-what-swapped-case = Las mayúsculas volvieron en minúsculas.
check-why-swapped-case = La respuesta es la pregunta con cada letra cambiada entre mayúscula y minúscula, como hace swapcase().
check-why-swapped-case-any = La respuesta es la pregunta con cada letra cambiada entre mayúscula y minúscula.
check-cure-swapped-case = reply = message.decode().upper().encode()      # no swapcase()
check-cure-swapped-case-any = ponga cada letra en mayúscula, fuera como fuera
check-what-spaces-lost = Faltan los espacios del principio o del final del texto.
check-why-spaces-lost = Por lo demás, los bytes son correctos; strip() quita esos espacios.
check-why-spaces-lost-any = Por lo demás, los bytes son correctos.
# $made (text)
check-cure-spaces-lost = { $made }      # sin strip(); a lo sumo .rstrip("\r\n")
check-cure-spaces-lost-any = conserve los espacios; quite a lo sumo el fin de línea
check-cure-spaces-lost-c = en C: fgets los conserva; scanf los salta
check-cure-spaces-lost-java = en Java: sin trim() ni strip()
check-what-one-word = Solo envía la primera palabra de la línea.
check-why-one-word = Lo que envió acaba donde la línea tiene su primer espacio.
check-cure-one-word = message = input("> ")      # la línea entera, sin split()
check-cure-one-word-any = lea la línea entera, no una palabra
check-cure-one-word-c = en C: fgets(text, sizeof text, stdin), no scanf("%s", text)
check-cure-one-word-java = en Java: scanner.nextLine(), no next()
check-what-receives-again = Espera recibir, y no llega nada más.
check-why-receives-again = Este ejercicio tiene un solo datagrama, sin respuesta, y el programa espera en una recepción.
check-cure-receives-again = termine tras ese único datagrama: sin bucle y sin respuesta
check-what-extra-reply = Envió una respuesta de más.
check-why-extra-reply = Cada pregunta ya tenía su respuesta.
check-cure-extra-reply = envíe una sola respuesta a cada pregunta, y ninguna después de FIN
check-what-ascii-only-capitals = Solo cambiaron las letras sin acento.
check-why-ascii-only-capitals = Es lo que hace upper() con bytes; con texto conoce todas las letras.
check-why-ascii-only-capitals-any = En UTF-8 una letra con acento tiene dos bytes, y ninguno de ellos es una letra por sí solo.
check-cure-ascii-only-capitals = reply = message.decode().upper().encode()
check-cure-ascii-only-capitals-any = ponga en mayúscula todas las letras, no solo de la a a la z
check-cure-ascii-only-capitals-c = en C: setlocale(LC_ALL, ""); después mbstowcs, towupper para cada letra, y wcstombs
check-cure-ascii-only-capitals-java = en Java: new String(bytes, 0, length, StandardCharsets.UTF_8).toUpperCase()
check-what-crash-on-accents = Un texto con acentos lo hace fallar.
check-why-crash-on-accents = La excepción es de la codificación, y solo con ASCII no ocurre.
check-cure-crash-on-accents = text.encode()      # UTF-8, no "ascii"¶data.decode()
check-what-wrong-encoding = No usa UTF-8, sino otra codificación.
check-why-wrong-encoding = Los bytes son los del texto correcto en otra codificación, o sin las letras que a esta le faltan.
check-cure-wrong-encoding = text.encode("utf-8")¶data.decode("utf-8")
check-cure-wrong-encoding-any = use UTF-8 para lo que envía y para lo que recibe
check-cure-wrong-encoding-java = en Java: text.getBytes(StandardCharsets.UTF_8) y new String(bytes, 0, length, StandardCharsets.UTF_8)
check-what-str-not-bytes = Se usó texto donde hacen falta bytes, o al revés.
check-why-str-not-bytes = Lo dice la excepción de Python.
check-cure-str-not-bytes = sock.send(text.encode())                  # de str a bytes; así base64.b32encode(dni.encode())¶text = data.decode()                      # de bytes a str
check-what-extra-newline = Sobra un fin de línea.
check-why-extra-newline = Por lo demás, los bytes son correctos.
check-cure-extra-newline = envíe solo el texto, sin "\n"
check-cure-extra-newline-c = en C, tras fgets: text[strcspn(text, "\n")] = 0;
check-what-missing-newline = Falta el fin de línea.
check-why-missing-newline = Por lo demás, los bytes son correctos.
check-cure-missing-newline = sock.sendall(text.encode() + b"\n")
check-cure-missing-newline-any = envíe un salto de línea tras el texto
check-what-extra-zeros = Al texto le siguen bytes a cero.
check-why-extra-zeros = Sin ellos, los bytes son correctos.
check-cure-extra-zeros = sock.sendto(buffer[:count], address)      # tantos como se recibieron
check-cure-extra-zeros-any = envíe tantos bytes como tiene el texto, no todo el búfer
check-cure-extra-zeros-c = en C: sendto(sock, text, strlen(text), …)
check-cure-extra-zeros-java = en Java: packet.getLength() bytes, no todo el array
check-what-repr-sent = Envió b'…', que es como Python muestra unos bytes.
check-why-repr-sent = Los bytes son los de str() de los correctos.
check-cure-repr-sent = text = data.decode()       # no str(data)
check-what-repr-shown = Mostró b'…', que es como Python muestra unos bytes.
check-why-repr-shown = Lo que mostró es repr() de lo que llegó.
check-cure-repr-shown = print(data.decode())
check-what-fin-case = La última palabra se compara con mayúsculas o minúsculas equivocadas.
check-why-fin-case = Con la palabra escrita de la otra forma se comporta de otro modo, o su código solo la tiene así.
# $text (text)
# $word (text)
check-cure-fin-case = if { $text } == "{ $word }": break
# $word (text)
check-cure-fin-case-any = compare exactamente con "{ $word }"
check-what-fin-not-sent = Terminó sin enviar la última palabra.
check-why-fin-not-sent = Tras esa palabra terminó, o cerró, y no llegó nada más.
# $send (text)
# $text (text)
# $word (text)
check-cure-fin-not-sent = sock.{ $send }    # primero enviar¶if { $text } == "{ $word }": break                # después terminar
check-cure-fin-not-sent-any = primero envíe la última palabra, después termine
check-what-never-checks-fin = La última palabra no termina nada.
check-why-never-checks-fin = Después el programa recibió más, y siguió como antes.
# $text (text)
# $word (text)
check-cure-never-checks-fin = if { $text } == "{ $word }": break
# $exercise (text)
# $word (text)
check-cure-never-checks-fin-any = termine cuando { $exercise ->
    [capitals] la línea, sin su salto de línea,
   *[other] el texto
} sea "{ $word }"
# $word (text)
check-cure-never-checks-fin-c = en C: if (count == 3 && memcmp(text, "{ $word }", 3) == 0) break;
# $word (text)
check-cure-never-checks-fin-java = en Java: if (text.equals("{ $word }")) break;      // no ==
check-what-one-fin = El fin de un extremo lo termina, y el del otro no.
check-why-one-fin = Tras el fin de estos pasos siguió; después dijo fin el otro extremo, y terminó.
check-cure-one-fin = if message == "fin": break      # tras lo que envía y tras lo que recibe
check-cure-one-fin-any = compare con "fin" tanto lo que envía como lo que recibe
check-what-turn-broken = No respeta los turnos.
check-why-turn-broken = Habló, o se puso a escuchar, cuando no le tocaba.
check-cure-turn-broken = un sendto, después un recvfrom, y así; empieza el cliente
check-cure-turn-broken-any = envíe un mensaje, después reciba otro, y así; empieza el cliente
check-what-echo-leftover = Contesta con las mayúsculas de lo que llegó, como el servidor de eco.
check-why-echo-leftover = Nadie escribió eso: es upper() de nuestro mensaje.
check-why-echo-leftover-any = Nadie escribió eso: es nuestro mensaje en mayúsculas.
check-cure-echo-leftover = reply = input("> ")
check-cure-echo-leftover-any = responda con lo que escriba su usuario
check-what-several-sends = Un mensaje se envió en varios trozos.
check-why-several-sends = Lo dicen sus llamadas; un servidor que recibe una vez solo ve el primero.
check-cure-several-sends = sock.sendall((name + "&" + dni + "&" + otp).encode())
check-cure-several-sends-any = una antes las partes y envíelas con una sola llamada
check-what-waits-for-newline = Espera un fin de línea que este ejercicio no tiene.
check-why-waits-for-newline = En cuanto llegó un fin de línea, siguió.
check-cure-waits-for-newline = data = sock.recv(1024)      # no readline()
check-cure-waits-for-newline-any = tome lo que dé una recepción; no llegará ningún fin de línea
check-cure-waits-for-newline-c = en C: recv(sock, text, 1024, 0), no fgets ni getline
check-cure-waits-for-newline-java = en Java: in.read(bytes), no readLine()
check-what-waits-for-eof = Espera a que el otro cierre, y el otro lo espera a él.
check-why-waits-for-eof = En cuanto dejamos de enviar, siguió.
check-cure-waits-for-eof = data = sock.recv(1024)              # lo que haya¶sock.shutdown(socket.SHUT_WR)       # un cliente, tras enviar: «no enviaré más»
check-cure-waits-for-eof-any = tome lo que dé una recepción; el otro no cierra antes¶un cliente puede decir, tras enviar, que no enviará más: shutdown
check-cure-waits-for-eof-java = en Java: in.read(bytes), no readAllBytes(); socket.shutdownOutput()
check-what-deadlock = Los dos extremos se esperan.
check-why-deadlock = Espera recibir antes de haber enviado nada, y le toca empezar.
check-cure-deadlock = primero envíe, después reciba
check-what-one-recv = Tomó cada trozo que llegó por el mensaje entero.
check-why-one-recv = TCP es un flujo: un send puede llegar en varios recv. Llamó una vez a recv por mensaje.
check-cure-one-recv = data = b""¶while trozo := sock.recv(1024):     # b"": el otro ha cerrado¶    data += trozo¶for line in sock.makefile("rb"):          # en capitals, línea a línea
check-cure-one-recv-any = reciba en un bucle, hasta que la línea esté entera o el otro haya cerrado
check-what-empty-read-loop = Sigue recibiendo después de que el otro haya cerrado.
check-why-empty-read-loop = recv devolvió b"" una y otra vez.
check-why-empty-read-loop-any = Recibió cero bytes una y otra vez.
check-cure-empty-read-loop = if not data: break          # b"": el otro ha cerrado
check-cure-empty-read-loop-any = termine cuando una recepción no dé bytes: el otro ha cerrado
check-cure-empty-read-loop-c = en C: if (count <= 0) break;
check-cure-empty-read-loop-java = en Java: if (count < 0) break;
check-what-closes-before-reading = Cerró sin esperar la respuesta.
check-why-closes-before-reading = No llamó nunca a recv.
check-cure-closes-before-reading = sock.sendall(message)¶print(sock.recv(1024).decode())
check-cure-closes-before-reading-any = reciba la respuesta y después cierre
check-what-not-closed = En vez de eso, espera al siguiente cliente.
check-why-not-closed = Está en accept y no ha llamado a close en esta conexión.
check-cure-not-closed = connectionSocket.close()      # tras la respuesta
check-cure-not-closed-any = cierre la conexión tras la respuesta, no solo el socket que escucha
check-cure-not-closed-c = en C: close(connection);
check-cure-not-closed-java = en Java: connection.close();
check-what-serves-once = Atiende a un cliente y se va.
check-why-serves-once = Atendió al primer cliente; después terminó o dejó de escuchar.
check-cure-serves-once = while True:¶    connection, address = serverSocket.accept()
check-cure-serves-once-any = acepte en un bucle, un cliente tras otro
check-what-no-loop = Termina después de un intercambio.
check-why-no-loop = Terminó por sí mismo, sin ningún error.
check-cure-no-loop = while True:                 # hasta la última palabra
check-cure-no-loop-any = repita hasta la última palabra
check-what-dies-on-reset = Si un cliente corta su conexión, el servidor entero termina.
check-why-dies-on-reset = La excepción llegó justo tras nuestro corte, y nada la capturó.
check-cure-dies-on-reset = try:¶    atender(connection)¶except ConnectionError:     # que pase el siguiente¶    pass
check-what-dies-on-empty = Un mensaje vacío lo hace terminar.
check-why-dies-on-empty = En UDP un datagrama vacío es un mensaje, no un final.
check-cure-dies-on-empty = no termine cuando un datagrama esté vacío
check-what-dies-on-timeout = Una respuesta que tarda lo hace terminar.
check-why-dies-on-timeout = La excepción es el tiempo límite del socket, y nada la recoge.
check-cure-dies-on-timeout = try:¶    reply, address = clientSocket.recvfrom(2048)¶except TimeoutError:     # puede haberse perdido, o tardar: repita el envío, o dígalo
check-what-answers-strangers = Toma lo que dice un extraño por lo de su cliente.
check-why-answers-strangers = Lo que envió otra dirección está en su salida, en el turno del cliente.
check-cure-answers-strangers = if address != client: continue      # client: la primera dirección
check-cure-answers-strangers-any = ignore lo que venga de una dirección distinta de la primera
check-what-listener-used = Habla por el socket que escucha.
check-why-listener-used = La llamada que falló usó el socket en el que se llamó a listen.
check-cure-listener-used = connection, address = serverSocket.accept()¶connection.send(data)       # no serverSocket
check-what-never-calls-listen = Acepta sin escuchar.
check-why-never-calls-listen = accept falló, y no se había llamado a listen en ese socket.
check-cure-never-calls-listen = serverSocket.bind(("", serverPort))¶serverSocket.listen(5)
check-what-not-flushed = Lo que escribió sigue en su propio búfer.
check-why-not-flushed = Hizo un fichero del socket para escribir, espera la respuesta y no ha enviado nada.
check-cure-not-flushed = file.write(message)¶file.flush()
check-what-shadowed-module = Un fichero suyo tiene el nombre de un módulo de Python.
check-why-shadowed-module = import encuentra antes su fichero: está junto al programa.
check-cure-shadowed-module = dé otro nombre al fichero y borre la carpeta __pycache__
check-what-wrong-interpreter = Está escrito para Python 2.
check-why-wrong-interpreter = Python 3 ya no lo conoce, y lo dice.
check-cure-wrong-interpreter = print(text)                 # con paréntesis¶text = input()              # no raw_input()
check-what-late-fin-check = La última palabra se mira un paso tarde.
check-why-late-fin-check = Con un mensaje o una línea más terminó: había visto la palabra, y antes siguió.
check-cure-late-fin-check = compare justo después de cada input() y de cada recvfrom, antes del paso siguiente
check-cure-late-fin-check-any = compare justo después de cada línea escrita y de cada mensaje recibido, antes del paso siguiente
check-what-bytes-compared = Compara bytes con texto, que nunca son iguales.
check-why-bytes-compared = El propio Python avisa de ello ahí (python3 -b).
check-cure-bytes-compared = if data.decode() == "fin": break          # primero, de bytes a texto
check-what-input-outside-loop = Pregunta a su usuario una sola vez y envía lo mismo otra vez.
check-why-input-outside-loop = Lo que envió ya lo había enviado, y no ha leído la línea siguiente.
check-cure-input-outside-loop = while True:¶    message = input("> ")               # dentro del bucle
check-what-never-binds = Su socket no tiene puerto: no se llamó a bind.
check-why-never-binds = Recibe por un socket para el que no llamó a bind.
check-cure-never-binds = serverSocket.bind(("", serverPort))
# $port (text)
check-cure-never-binds-any = asocie el socket al puerto { $port } antes de recibir
check-what-listen-on-udp = UDP no tiene conexiones: listen y accept son de TCP.
check-why-listen-on-udp = La llamada que falló fue listen o accept, en un socket UDP.
check-cure-listen-on-udp = serverSocket.bind(("", serverPort))¶message, clientAddress = serverSocket.recvfrom(2048)   # sin listen ni accept
check-what-never-connects = Envía por un socket TCP que no está conectado.
check-why-never-connects = No se llamó a connect en ese socket, o falló.
check-cure-never-connects = clientSocket.connect((serverName, serverPort))¶clientSocket.send(message)
check-what-address-not-a-pair = La dirección debe ser un par: un nombre, y el puerto como número.
check-why-address-not-a-pair = Lo dice la excepción de Python, en la llamada que toma la dirección.
check-cure-address-not-a-pair = sock.connect((serverName, serverPort))           # doble paréntesis¶sock.sendto(data, (serverName, serverPort))      # el puerto es 16000, no "16000"
check-what-missing-brackets = Ahí se nombra una función sin llamarla: le faltan los paréntesis.
check-why-missing-brackets = Lo dice la excepción de Python.
check-cure-missing-brackets = message = input().lower()     # no lower
check-what-number-not-text = Se unió un número a un texto.
check-why-number-not-text = Lo dice la excepción de Python.
check-cure-number-not-text = dni = input()               # texto: no int(input())¶str(number)                 # de número a texto
check-what-quoted-names = Envió lo que está entre comillas, no los valores.
check-why-quoted-names = El mismo texto está en su código, entre comillas.
check-cure-quoted-names = message = name + "&" + dni + "&" + otp¶message = f"{"{"}name{"}"}&{"{"}dni{"}"}&{"{"}otp{"}"}"             # con la f
check-what-syntax-error = Python no puede leer el programa.
check-why-syntax-error = Lo dice el mensaje de Python, antes de ejecutar ninguna línea.
check-cure-syntax-error = mire esa línea y la anterior: un paréntesis, unas comillas o unos dos puntos que faltan, o los espacios del principio
check-what-unknown-name = Usa un nombre que ahí no tiene valor.
check-why-unknown-name = Lo dice la excepción de Python, y qué nombre es.
check-cure-unknown-name = compruebe cómo se escribe el nombre, que su módulo está importado y que recibe su valor antes de esta línea
check-what-module-missing = Un módulo que importa no está instalado para este Python.
check-why-module-missing = Lo dice la excepción de Python.
check-cure-module-missing = python3 -m pip install "pyotp<2.11.2"     # con el mismo Python que lo ejecuta¶# si pip se niega (externally-managed-environment), antes: python3 -m venv lab && . lab/bin/activate
# $module (text)
check-cure-other-module = compruebe cómo se escribe { $module }; si está bien: python3 -m pip install { $module }¶# si pip se niega (externally-managed-environment), antes: python3 -m venv lab && . lab/bin/activate
check-what-pyotp-refuses-dni = Esta versión de pyotp rechaza un secreto tan corto como un DNI.
check-why-pyotp-refuses-dni = Lo dice su excepción: ocurre desde la 2.11.2.
check-cure-pyotp-refuses-dni = python3 -m pip install "pyotp<2.11.2"¶# si pip se niega (externally-managed-environment), antes: python3 -m venv lab && . lab/bin/activate
check-what-dni-letter = El DNI se envió con su letra.
check-why-dni-letter = El ejercicio solo toma sus cifras.
check-cure-dni-letter = dni = dni.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
check-cure-dni-letter-any = envíe solo las cifras del DNI
check-what-code-lost-zeros = Se perdieron ceros del principio.
check-why-code-lost-zeros = Un número no tiene ceros al principio; por lo demás sería correcto.
check-cure-code-lost-zeros = dni = input()               # texto: no int(input()); también el código
check-cure-code-lost-zeros-any = guarde el DNI y el código como texto, no como números
check-what-wrong-secret = El secreto no es el base32 de las cifras del DNI.
check-why-wrong-secret = El secreto que muestra, o para el que vale su código, es otro.
check-cure-wrong-secret = secret = base64.b32encode(dni.encode()).decode()   # una vez, de las cifras
check-cure-wrong-secret-any = codifique las cifras del DNI en base32, una vez
check-what-accepts-old-code = Acepta un código de hace una hora.
check-why-accepts-old-code = Le dio la misma respuesta que al correcto, y otra a uno incorrecto.
check-cure-accepts-old-code = totp.verify(otp)            # sin valid_window: solo los 30 s actuales
check-cure-accepts-old-code-any = acepte solo el código de los 30 s actuales
check-what-wrong-uri = Un autenticador no acepta la URI.
check-why-wrong-uri = No tiene la forma otpauth://totp/ETIQUETA?secret=…, con seis cifras, 30 s y SHA-1.
check-cure-wrong-uri = uri = pyotp.TOTP(secret).provisioning_uri(name="mi_usuario", issuer_name="Mi App")
check-cure-wrong-uri-any = dele esta forma: otpauth://totp/Mi%20App:mi_usuario?secret=…&issuer=Mi%20App
check-what-stale-code = El código es de otro momento.
check-why-stale-code = Está escrito en el programa, o fue correcto antes.
check-cure-stale-code = otp = input("OTP: ")         # o pyotp.TOTP(secret).now()
check-cure-stale-code-any = pida el código justo antes de enviar, o genérelo entonces
check-what-wrong-separator = Las partes no están separadas por un &.
check-why-wrong-separator = Por lo demás, el mensaje es correcto.
check-cure-wrong-separator = message = name + "&" + dni + "&" + otp
check-cure-wrong-separator-any = envíe nombre&dni&código
check-what-wrong-order = Las partes están en otro orden.
check-why-wrong-order = El orden es nombre, DNI, código.
check-cure-wrong-order = message = name + "&" + dni + "&" + otp
check-cure-wrong-order-any = envíe nombre&dni&código
check-what-hard-coded-answer = La respuesta no depende de la pregunta.
check-why-hard-coded-answer = Preguntas distintas tuvieron la misma respuesta.
check-cure-hard-coded-answer = haga la respuesta a partir de lo que llegó: message.decode().upper().encode()
check-cure-hard-coded-answer-any = haga la respuesta a partir de lo que llegó, en mayúsculas
check-cure-hard-coded-verdict = decida según el código que llegó: if pyotp.TOTP(secret).verify(otp):
check-cure-hard-coded-verdict-any = decida según el código que llegó, si es el correcto ahora
check-what-hard-coded-secret = El secreto no depende del DNI.
check-why-hard-coded-secret = Con otro DNI el programa mostró el mismo secreto.
check-cure-hard-coded-secret = dni = input("DNI: ")¶secret = base64.b32encode(dni.encode()).decode()   # del DNI que se tecleó
check-cure-hard-coded-secret-any = genere el secreto a partir del DNI que se tecleó
check-what-small-buffer = Recibe menos bytes de los que tiene el mensaje.
check-why-small-buffer = Su recepción pidió esos bytes y obtuvo esos; había más.
# $receive (text)
# $size (text)
check-cure-small-buffer = { $receive }({ $size })
# $size (text)
check-cure-small-buffer-any = reciba hasta { $size } bytes de una vez
