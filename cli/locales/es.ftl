### Lo que dice la orden, en español. Las frases del curso van como en el curso.
###
### Los números y las direcciones llegan como variables, ya escapados. Un mensaje que acaba en
### blanco acaba en un «placeable», porque Fluent quita los blancos del final de la línea.

## Preguntas, solo en un terminal

prompt-message = Introduzca su mensaje en minúsculas:{ " " }
prompt-echo = Introduzca su mensaje en minúsculas:{ " " }
# El texto exacto que termina una charla es `fin` en todos los idiomas.
prompt-chat = Introduzca su mensaje (fin para terminar):{ " " }
# $seconds (number)
chat-waits = { $seconds } s sin respuesta: puede que la otra persona aún esté escribiendo, que se haya perdido un datagrama o que el otro programa haya terminado; una charla espera sin límite (Ctrl-C la termina, y chat client --timeout SEGUNDOS la limita)
prompt-name = Introduzca su nombre:{ " " }
prompt-dni = Introduzca su DNI, sin la letra:{ " " }
prompt-code = ingresa el código OTP:{ " " }

## Lo que dice un servidor

# $address (text) - dónde escucha el servidor
ready = el Servidor está listo en { $address }
# $listen (text) - lo que se da a --listen
ready-open-hint = solo se llega a él desde este equipo; para abrirlo a la red del laboratorio: --listen { $listen }
# $address (text) - una dirección de este equipo, o varias
ready-students-use = los estudiantes usan { $address }
# $peer (text) - dirección y puerto del cliente
connection = Conexión desde { $peer } establecida!
# $possible (number) - cuántas conexiones puede haber
# $most (number) - cuántas permite --max-connections
few-descriptors = el sistema tiene descriptores para { $possible } conexiones, menos que --max-connections { $most }: las demás esperan (suba el límite con ulimit -n)
# $lines (number) - cuántas
lines-dropped = { $lines ->
    [one] no se ha mostrado { $lines } línea: nadie la leía
   *[other] no se han mostrado { $lines } líneas: nadie las leía
}
# $connections (number) - cuántas
made-room = el servidor estaba lleno: { $connections ->
    [one] se ha cerrado { $connections } conexión silenciosa para hacer sitio a otra
   *[other] se han cerrado { $connections } conexiones silenciosas para hacer sitio a otras
}
stopped = el servidor se ha parado
# $peer (text) - el cliente con el que se charla
chat-began = ha empezado la charla con { $peer }
# $peer (text) - quién envió el datagrama
stranger = descartado un datagrama de { $peer }, que no está en esta charla
strangers-more = descartado otro de fuera de esta charla; de los siguientes no se avisa
# $peer (text) - quién preguntó
# $bytes (number) - lo larga que habría sido la respuesta
# $most (number) - lo larga que puede ser
reply-too-long = la respuesta a { $peer } tendría { $bytes ->
    [one] { $bytes } byte
   *[other] { $bytes } bytes
} y en un datagrama caben como mucho { $most }: no se ha enviado nada
# $why (text) - descriptors, threads, o lo que falta
# $detail (text) - las palabras del sistema
accept-paused = { $why ->
    [descriptors] no quedan descriptores
    [threads] no quedan hilos
   *[other] no se pueden aceptar más conexiones ({ $detail })
}: se atiende a los conectados y los nuevos esperan
# $peer (text) - de quién es la línea
# $most (number) - lo larga que puede ser
line-too-long = { $peer } ha enviado una línea de más de { $most } bytes: se cierra su conexión
accept-resumed = se vuelven a aceptar conexiones

## Lo que dice un cliente

late-reply = descartada una respuesta que llegó tarde o repetida
# $attempt (number) - qué repetición es, desde 1
# $of (number) - cuántas hay como mucho
retry = sin respuesta: se envía otra vez ({ $attempt } de { $of })
# $failed (text) - dirección y puerto que se han probado
# $why (text) - refused, timed-out, unreachable, o lo que ha pasado
# $detail (text) - las palabras del sistema
next-address = { $why ->
    [refused] nadie escucha en { $failed }
    [timed-out] sin conexión a tiempo con { $failed }
    [unreachable] no hay camino hasta { $failed }
   *[other] sin conexión con { $failed } ({ $detail })
}: se prueba la dirección siguiente
# $peer (text) - a quién fue el datagrama
nobody-listens = enviado, pero nadie escucha en { $peer }: UDP envía haya o no un servidor
# $peer (text) - dirección y puerto de a quién iba
# $bytes (number) - lo largo que era el datagrama
lost = perdido a propósito: { $bytes ->
    [one] un datagrama de { $bytes } byte
   *[other] un datagrama de { $bytes } bytes
} para { $peer }
# $seed (number) - lo que decide todo lo que es azar
impairments-seed = fallos al azar: --seed { $seed } los repite
verdict-unknown = el servidor responde con sus propias palabras: no se puede saber si ha aceptado el envío

## Fallos: qué ha pasado, con quién y qué probar

# $peer (text) - dirección y puerto del servidor
failure-refused = nadie escucha en { $peer }: inicie primero el servidor
# $peer (text) - la dirección en la que nadie escucha
# $found (text) - la dirección en la que escucha un programa de este equipo
nearby-address = nadie escucha en { $peer }, pero un programa sí en { $found }: use esa dirección, o que el servidor escuche en esta
# $transport (text) - udp o tcp, el que usa el ejercicio
nearby-protocol = nadie escucha en { $peer } por { $transport ->
    [udp] UDP, pero un programa sí por TCP: este ejercicio es UDP (en Python, SOCK_DGRAM)
   *[tcp] TCP, pero un programa sí por UDP: este ejercicio es TCP (en Python, SOCK_STREAM)
}
# $who (text) - la orden del programa
# $port (number) - el puerto en el que escucha
nearby-port = nadie escucha en { $peer }, pero { $who } sí en el puerto { $port }: los dos extremos tienen que usar el mismo puerto
nearby-somebody = un programa
# $said (text) - que nadie escucha ahí, y dónde sí un programa
sent-but = enviado, y { $said }
# $seconds (number) - cuánto ha esperado el cliente
# $peer (text) - dirección y puerto del servidor
# $way (text) - udp-here, udp-gone, udp-away, tcp-here, tcp-away: el protocolo, y si el servidor está en este equipo
failure-no-reply = sin respuesta en { $seconds } s de { $peer }: { $way ->
    [udp-here] un programa de este equipo tiene ese puerto y no responde: mire a qué espera, y si responde a la dirección de la que vino la pregunta
    [udp-gone] ningún programa de este equipo tiene ya ese puerto: el suyo ha terminado, o ha cerrado su socket, sin contestar; vea qué dice
    [tcp-here] la conexión está abierta y no llega nada: mire a qué espera el servidor
    [tcp-away] la conexión está abierta y no llega nada: mire a qué espera el servidor
   *[udp-away] el servidor puede estar parado, se ha perdido un datagrama o usted está fuera de la red del laboratorio (VPN)
}
# $peer (text) - dirección y puerto del servidor
# $seconds (number) - cuánto ha esperado el cliente
failure-connect-timeout = sin conexión con { $peer } en { $seconds } s: { $way ->
    [tcp-here] el programa de este equipo que escucha ahí no acepta más conexiones: mire a qué espera
   *[tcp-away] compruebe la dirección y su cortafuegos, y que está en la red del laboratorio (VPN)
}
# $peer (text) - dirección y puerto del servidor
failure-unreachable = no hay camino hasta { $peer }: { $way ->
    [udp-here] compruebe la dirección
    [udp-gone] compruebe la dirección
    [tcp-here] compruebe la dirección
   *[udp-away] compruebe la dirección, su red y la VPN del laboratorio
}
# $peer (text) - dirección y puerto del otro extremo
failure-reset = { $peer } ha roto la conexión: mire lo que dice el otro programa y vuelva a intentarlo
# $peer (text) - dirección y puerto del servidor
failure-closed-early = { $peer } ha cerrado la conexión sin responder: compruebe que es el servidor correcto y mire lo que dice
# $peer (text) - dirección y puerto del servidor
failure-rejected = { $peer } ha rechazado el envío: corrija lo que dice su respuesta y vuelva a enviarlo
failure-untrusted = el certificado del servidor no es de confianza, o no es de ese nombre: compruebe la dirección e indique con --ca el certificado de la práctica
failure-not-tls = el otro extremo no habla TLS, o lo ha cortado: compruebe que ambos usan --tls, y el puerto
failure-speaks-tls = el servidor habla TLS en ese puerto y este cliente no: añada --tls (y --ca FICHERO si el certificado es propio de la práctica)
failure-not-text = la respuesta del servidor no es texto: compruebe que es el servidor correcto, y su puerto
# $detail (text) - qué pasa con el certificado del servidor
failure-certificate = el certificado del servidor no es de confianza: { $detail }
# $bytes (number) - lo larga que es la línea del usuario
# $most (number) - lo larga que puede ser
failure-too-long = su línea tiene { $bytes ->
    [one] { $bytes } byte
    [16777216] { $bytes } bytes o más
   *[other] { $bytes } bytes
} y en un datagrama caben como mucho { $most }: envíe una más corta
# $bytes (number) - lo larga que es la línea del usuario
# $most (number) - lo larga que puede ser
failure-line-too-long = su línea tiene { $bytes ->
    [one] { $bytes } byte
    [16777216] { $bytes } bytes o más
   *[other] { $bytes } bytes
} y puede tener como mucho { $most }: envíe una más corta
failure-no-field = la entrada terminó antes de completar la entrega: indique { $options }, o escriba lo que se pide
failure-no-input = no hay ninguna línea que enviar: escriba una o pásela por la entrada estándar
# $address (text) - la dirección en la que escuchar
failure-address-in-use = otro programa ya usa { $address }: ciérrelo o elija otro puerto con --listen :PUERTO
# $address (text) - la dirección en la que escuchar
failure-address-waits = ningún programa usa { $address }, pero su última conexión terminó hace menos de un minuto y el sistema aún reserva el puerto, porque aquel servidor no activó SO_REUSEADDR: espere 60 s o elija otro puerto con --listen :PUERTO
# $address (text) - la dirección en la que escuchar
failure-address-not-available = { $address } no es una dirección de este equipo: escuche en una de las suyas, o en todas con --listen { $all }
# $address (text) - la dirección en la que escuchar
failure-denied = el sistema no permite usar { $address }: elija un puerto mayor que 1023 con --listen :PUERTO y compruebe el cortafuegos
# $peer (text) - dirección y puerto del servidor
failure-reply-too-big = { $peer } ha respondido más de lo que cabe en este ejercicio: compruebe que es el servidor correcto
# $what (text) - opening, receiving, sending, o lo que se estaba haciendo
# $detail (text) - las palabras del sistema
failure-io = { $what ->
    [opening] no se ha podido abrir el socket: { $detail }; compruebe la dirección y vuelva a intentarlo
    [receiving] no se ha podido recibir: { $detail }; vuelva a intentarlo
    [sending] no se ha podido enviar: { $detail }; vuelva a intentarlo
   *[other] { $what }: { $detail }
}
# $value (text) - lo que se dio a --lang
lang-unknown = --lang no conoce «{ $value }»: use es o en

## Campos de un envío

name-empty = el nombre está vacío o no se ve nada de él: escriba su nombre y apellidos
name-ampersand = el nombre lleva «&», que separa los campos: escriba «y» en su lugar
name-too-long = el nombre es demasiado largo: 512 bytes como mucho
name-control = el nombre lleva un carácter de control: escríbalo de nuevo
dni-letter = el DNI va sin su letra: escriba solo las cifras
dni-not-digits = el DNI lleva algo que no es una cifra: escriba solo las cifras, sin espacios, puntos ni la letra
dni-missing = no hay DNI: indique --dni DNI, defina SOCKLAB_DNI o escríbalo cuando se le pida
dni-length = el DNI tiene de 6 a 8 cifras: escríbalas todas, con los ceros de delante
dni-empty = el DNI está vacío: escriba sus cifras, sin la letra
code-length = el código tiene exactamente 6 cifras: escriba el que muestra ahora su teléfono
code-not-digits = el código lleva algo que no es una cifra: escriba las 6 cifras que muestra ahora su teléfono
code-empty = el código está vacío: escriba las 6 cifras que muestra ahora su teléfono

## Respuestas del servidor de envíos, en la red detrás de `OK ` o `ERROR `

# $number (number) - su lugar en el registro
reply-accepted = registrado con el número { $number }
# $number (number) - el lugar que tiene
reply-already = ya estaba registrado, con el número { $number }
reply-other-name = ya estaba registrado, con otro nombre: si otra persona ha entregado con su DNI, avise a su profesor
reply-code-wrong = el código no es válido ahora: compruebe la hora de su teléfono y todas las cifras del DNI, y envíe el código siguiente
reply-code-used = ese código ya se ha usado: espere al siguiente, 30 s como mucho
reply-format = el formato es nombre&DNI&código, por ejemplo Ana García&12345678&123456
reply-dni-letter = el DNI se envía sin su letra: solo las cifras
reply-dni-letter-nie = el DNI se envía sin su letra, y el NIE con sus dos letras, que deben ser las correctas: X1234567L
reply-busy = el servidor está ocupado: vuelva a enviarlo dentro de unos segundos
reply-unavailable = el registro no puede guardar nada en este momento y su envío no está confirmado: avise a su profesor y vuelva a enviarlo más tarde
# $seconds (number) - cuánto hay que esperar
reply-throttled = demasiados intentos: espere { $seconds ->
    [one] { $seconds } segundo
   *[other] { $seconds } segundos
} y vuelva a enviarlo
reply-unknown = ese DNI no está en la lista de la clase: compruebe sus cifras y los ceros de delante, o avise a su profesor
# $receipt (text) - diez letras y cifras que la demuestran
reply-receipt = ; resguardo { $receipt }
# $seconds (number) - cuánto hace que el código era válido
reply-code-behind = el código fue válido hace { $seconds } s: envíe el que muestra ahora su móvil, y compruebe su reloj
# $seconds (number) - cuánto falta para que el código sea válido
reply-code-ahead = el código será válido dentro de { $seconds } s según el reloj del servidor: ponga el de su móvil en hora automática
reply-zeros = el código corresponde a ese DNI con otros ceros delante: envíe las mismas cifras con las que se hizo su código
reply-name-nul = el nombre lleva un carácter NUL: envíelo como texto
reply-clock = el reloj del servidor va atrasado y ahora no puede juzgar códigos: avise a su profesor y envíe más tarde el código siguiente
reply-refused = no aceptado: compruebe el reloj de su móvil y todo lo enviado, espere al código siguiente y envíelo otra vez; si sigue, avise a su profesor

## El registro

# $name (text) - el nombre del estudiante, como llegó
# $dni (text) - el DNI, oculto salvo el final
# $peer (text) - de dónde llegó
# $said (text) - lo que se respondió
submission-decided = { $name } ({ $dni }) desde { $peer }: { $said }
rehearsing = ensayo: se explica cada error y no se guarda nada; hasta que termine, recuerda qué DNI ha entregado con qué nombre y qué códigos se han usado
# $detail (text) - lo que dijo la base de datos
register-failed = el registro ha fallado, así que no se confirma nada hasta reabrirlo y comprobarlo: { $detail }
register-full = el disco del registro está lleno, así que no se confirma nada: libere espacio ({ $detail })
register-moved = otro programa ha tocado el registro ({ $detail }): no se confirma nada hasta que su propio fichero vuelva a su sitio
register-busy = otro programa mantiene ocupado el registro, así que estas no se confirmaron: { $detail }
# $detail (text) - qué DNI, ocultos salvo el final, y qué está mal
register-damaged-entry = lo que el registro tiene de estos DNI está dañado, así que no pueden entregar, y los demás sí: { $detail }; socklab register verify dice más
secrets-remembered = los códigos de este registro se hacen de secretos aleatorios, como antes (--secret dni lo cambiaría)
secrets-given-up = desde ahora los códigos se hacen del DNI, y antes de secretos aleatorios: quien sabe un DNI puede entregar en su nombre
register-queue-full = el registro es demasiado lento para los intentos que llegan: esperan demasiados, así que a los siguientes se les responde que no se han guardado
register-recovered = el registro se ha reabierto y está íntegro: se confirma de nuevo
# $detail (text) - cuántos segundos
clock-back = el reloj de este equipo va { $detail } s por detrás del último código aceptado: se rechazan los códigos hasta que lo alcance; si ahora va bien y entonces iba mal: socklab register clock --right
clock-ahead = el reloj de este equipo ha saltado { $detail } s adelante: compruebe que está en hora
# $place (text) - el registro
# $detail (text) - lo que dijo el sistema o la base de datos
trouble-open = no se puede abrir el registro { $place }: { $detail }
trouble-missing = no hay ningún registro { $place }: vaya a la carpeta en la que se inició su servidor, o indique el fichero con --register
trouble-foreign = { $place } no es un registro de socklab: indique otro fichero en --register
trouble-empty = { $place } está vacío, y un fichero vacío no es un registro: recupere una copia (socklab register restore FICHERO), o bórrelo para empezar uno nuevo
trouble-newer = { $place } se hizo con un socklab más nuevo: use ese ({ $detail })
trouble-not-durable = el registro { $place } podría perder lo que confirma: { $detail }
trouble-read-only = no se puede escribir en el registro { $place } ni junto a él: permita a este usuario escribir en su carpeta, o cópielo a otra con todos los ficheros de su nombre ({ $detail })
trouble-busy = otro programa mantiene ocupado el registro { $place }: inténtelo de nuevo ({ $detail })
trouble-in-use = el registro { $place } está en uso: detenga su servidor e inténtelo de nuevo ({ $detail })
trouble-exists = el registro { $place } ya tiene esto: { $detail }
trouble-moved = el registro { $place } ya no es el fichero que se abrió: inténtelo de nuevo ({ $detail })
trouble-full = no queda sitio para el registro { $place }: libere espacio ({ $detail })
trouble-broken = el registro { $place } ha fallado: { $detail }
trouble-entry = lo que el registro { $place } tiene de un estudiante está dañado: { $detail }
trouble-silent = el registro { $place } no responde ({ $detail }): compruebe que su servidor funciona y que se puede llegar a él
trouble-password = el registro { $place } se ha indicado con una contraseña, que cualquiera ve en este equipo (ps): quítela de la dirección y póngala en PGPASSWORD o en ~/.pgpass
trouble-key = la clave del registro { $place } no sirve: { $detail }
trouble-key-name = el registro { $place } usa ya una clave nueva, pero no se ha podido dar a su fichero el nombre que le toca ({ $detail }): quítele .next del final del nombre y vuelva a iniciar los servidores
trouble-uncertain = no se sabe si el registro { $place } ha guardado esto: { $detail }
trouble-output = no se puede escribir la salida: { $detail }
trouble-input = esto no sirve: { $detail }
# Qué hay detrás de un error del registro:
# $name (text) - el nombre que se indicó
# $version (number) - la versión de sus tablas
# $newest (number) - la versión más nueva que conoce este programa
# $mode (text) - un ajuste, o los permisos de un fichero
# $synchronous (number) - un ajuste de SQLite
# $fault (text) - lo que dice SQLite
# $text (text) - una parte de la dirección
# $count (number) - cuántos secretos hay
# $at (number) - qué columna
# $found (text) - su valor
# $key (text) - el nombre del valor
# $number (number) - qué entrega
# $grade (text) - la nota
# $maximum (text) - la nota máxima
detail-no-random-bytes = el sistema no tiene bytes aleatorios
detail-exists = ya existe
detail-not-a-file = no es un fichero
detail-not-text = su ruta no es texto en UTF-8
detail-sqlite-name = un registro es un fichero: escriba ./{ $name } si se llama así
detail-moved = se ha movido, borrado o sustituido
detail-log-moved = su diario se ha movido o borrado
detail-replaced = se ha escrito otra cosa en él
detail-read = otro programa lo está leyendo
detail-has-log = está en uso, o no se cerró, y tiene un diario al lado
detail-other-version = es de otra versión
detail-other-program = es una base de datos, pero de otro programa
detail-schema = su esquema es de la versión { $version }, y este programa conoce hasta la { $newest }
detail-settings = journal_mode={ $mode }, synchronous={ $synchronous }: guarde el fichero en un disco local
detail-itself = es el propio registro
detail-not-a-register = no es un registro
detail-damaged = está dañado ({ $fault })
detail-postgres-backup = PostgreSQL hace y recupera sus propias copias: use pg_dump y pg_restore
detail-no-fsync = el servidor funciona con fsync desactivado
detail-no-answer = sin respuesta en { $seconds } s
detail-scheme = una dirección empieza por postgres:// o postgresql://
detail-ssl-mode = sslmode={ $mode } no es disable, require ni verify-full
detail-ssl-root-cert = sslrootcert es para sslmode=verify-full
detail-percent = { $text }: al signo de porcentaje deben seguirle dos cifras hexadecimales
detail-open-to-all = otros pueden leerlo (permisos { $mode }): ejecute chmod 600 sobre él
detail-not-a-key = no es un fichero de clave
detail-no-key-file = el registro tiene secretos y falta el fichero de su clave
detail-wrong-key = { $count ->
    [one] el registro tiene { $count } secreto y esta clave no lo descifra
   *[other] el registro tiene { $count } secretos y esta clave no descifra ninguno
}
detail-sealed = el fichero de la clave no descifra el secreto
detail-not-sealed = no se puede cifrar un secreto
detail-column = la columna { $at } tiene un valor inesperado: { $found }
detail-own = su propio valor { $key } falta o está dañado
detail-no-attempt = la entrega { $number } no tiene ningún intento
detail-not-recorded = un cambio no se ha guardado
detail-used-meanwhile = otro servidor ha usado el mismo código en ese momento
detail-grade = la nota { $grade } no está entre 0 y el máximo, { $maximum }
# $lab (text) - el ejercicio
# $count (number) - cuántas entregas
# $failures (number) - cuántos intentos han fallado
status-submissions = { $lab }: { $count ->
    [one] { $count } entrega
   *[other] { $count } entregas
}, { $failures ->
    [one] { $failures } intento fallido
   *[other] { $failures } intentos fallidos
}
# $group (text) - el grupo
# $count (number) - cuántos han entregado
# $of (number) - cuántos hay
status-group = grupo { $group }: { $count } de { $of }
# $count (number) - cuántos de ellos, con retraso
status-late = , { $count } fuera de plazo
# $time (text) - por cuánto
list-late = { "  " }(fuera de plazo: { $time })
# $value (text) - lo que se escribió
deadline-time = «{ $value }» no es una hora: escríbala como 2026-11-20T18:00
# $lab (text) - el ejercicio
deadline-none = { $lab } no tiene plazo
# $time (text) - cuándo
deadline-all = hasta { $time }
# $group (text) - el grupo
# $time (text) - cuándo
deadline-group = grupo { $group }: hasta { $time }
# $lab (text) - el ejercicio que se pidió
# $list (text) - los ejercicios con intentos
hint-labs = no se ha enviado nada a { $lab }; lo que hay se envió a { $list }: elija con --lab
# $name (text) - quién
# $dni (text) - el DNI
status-missing = { "  " }falta: { $name } ({ $dni })
# $seconds (number) - cuánto atrasa el reloj
status-clock = el reloj de este equipo va { $seconds } s por detrás del último código aceptado, y se rechazan los códigos hasta que lo alcance; si ahora va bien y entonces iba mal: socklab register clock --right
# $dni (text) - el DNI
status-guessed = puede que alguien esté probando códigos: cien o más erróneos seguidos para { $dni }; los correctos se aceptan igualmente (para verlo: socklab register why --dni { $dni }; visto: socklab register unlock --dni { $dni })
# $ip (text) - la dirección
# $count (number) - cuántos intentos
status-unrecorded = { $count ->
    [one] { $count } intento desde { $ip } solo se ha contado
   *[other] { $count } intentos desde { $ip } solo se han contado
}: DNI que no están en el registro, o demasiados
# $count (number) - cuántos intentos
status-unrecorded-others = { $count ->
    [one] { $count } intento desde otras direcciones solo se ha contado
   *[other] { $count } intentos desde otras direcciones solo se han contado
}: DNI que no están en el registro, o demasiados
# $dni (text) - el DNI
# $list (text) - las direcciones
finding-addresses = un DNI desde varias direcciones: { $dni } desde { $list }
# $ip (text) - la dirección
# $count (number) - cuántos
# $list (text) - los DNI
finding-dnis = varios DNI desde una dirección: { $count } desde { $ip } ({ $list })
# $dni (text) - el DNI
# $sent (text) - el nombre que llegó
# $roster (text) - el nombre en la lista
finding-name = otro nombre que en la lista: { $dni } envió { $sent } y es { $roster }
# $dni (text) - el DNI
# $submitted (text) - el nombre de la entrega
# $list (text) - los otros nombres
finding-names = un DNI con varios nombres: { $dni } entregó como { $submitted }, y llegaron códigos correctos como { $list }
# $list (text) - los DNI
finding-zeros = solo los distinguen los ceros: { $list }
why-accepted = aceptado
why-already = otro código correcto; vale la primera entrega
# $count (number) - cuántos
why-turned-away = { $count ->
    [one] { $count } intento más se rechazó sin mirarlo
   *[other] { $count } intentos más se rechazaron sin mirarlos
}
# $dni (text) - el DNI
why-nothing = no hay intentos de { $dni }: búsquelo con otros ceros delante
receipt-unknown = ese resguardo no es de este registro: compruebe sus letras y cifras
# $dni (text) - el DNI
register-unlocked = se perdonan los fallos de { $dni }
# $dni (text) - el DNI
register-not-locked = { $dni } no tiene fallos que perdonar
# $count (number) - cuántos estudiantes
register-roster = la clase tiene { $count ->
    [one] { $count } estudiante
   *[other] { $count } estudiantes
}
# $file (text) - la lista
# $list (text) - qué es cada columna
roster-columns = { $file }: { $list }
# $list (text) - cabeceras
roster-ignored = columnas que no se usan: { $list }
# $list (text) - el primer estudiante
roster-first = el primero: { $list }
# $count (number) - cuántos estudiantes
roster-short = { $count ->
    [one] { $count } DNI tiene menos de 8 cifras
   *[other] { $count } DNI tienen menos de 8 cifras
}: si una hoja de cálculo quitó los ceros de delante, repóngalos
roster-field-dni = DNI
roster-field-name = nombre
roster-field-surname = apellidos
roster-field-surname2 = segundo apellido
roster-field-group = grupo
roster-field-email = correo
# $file (text) - la lista
# $line (number) - su línea
# $detail (text) - qué tiene mal
roster-refused = { $file }, línea { $line }: { $detail }
roster-encoding = no es texto UTF-8, o ha perdido letras: guarde el fichero como «CSV UTF-8»
roster-quote-open = unas comillas (") abren un valor y no se cierran en esta línea: ciérrelas o quítelas
roster-quote-inside = hay unas comillas (") en medio de un valor: ponga todo el valor entre comillas y repita esas, o quítelas
roster-after-quote = hay texto tras las comillas (") que cierran un valor: ponga todo el valor entre las comillas
# $found (number) - cuántos valores
# $columns (number) - cuántas columnas
roster-values = tiene { $found ->
    [one] { $found } valor
   *[other] { $found } valores
} y la cabecera { $columns ->
    [one] { $columns } columna
   *[other] { $columns } columnas
}: ponga entre comillas el valor que contenga el separador ("García, Ana") y no omita ningún separador
# $value (text) - lo que sigue al blanco
roster-blank = hay un blanco tras la coma que precede a «{ $value }»: si esa coma es parte del valor, póngalo todo entre comillas ("García, Ana"); si no, quite el blanco
# $list (text) - cabeceras
roster-no-header = el fichero está vacío: su primera línea debe nombrar las columnas
roster-long = un valor tiene { $bytes } bytes y puede tener { $most } como mucho: «{ $value }…»
roster-no-dni = ninguna columna se llama DNI, NIF o Número de ID: la primera línea debe nombrar las columnas, y tiene { $list }; si el DNI se llama de otro modo, diga --column dni=CABECERA
# $field (text) - lo que contienen
# $word (text) - su palabra en la orden
# $list (text) - cabeceras
roster-twice = { $list } podrían ser las dos columnas de { $field }: diga cuál con --column { $word }=CABECERA, o quite una
# $value (text) - la cabecera que se pidió
# $list (text) - cabeceras
roster-no-column = ninguna columna se llama «{ $value }»; hay { $list }
# $value (text) - lo que hay ahí
# $detail (text) - por qué no es un DNI
roster-dni = «{ $value }» no puede ser el DNI: { $detail }
# $letter (text) - la letra correcta
roster-dni-letter = la letra de ese número es la { $letter }: compruebe sus cifras
roster-dni-foreign = es un número de extranjero (NIE), que ha de llevar sus dos letras, y correctas: X1234567L
# $value (text) - lo que hay ahí
roster-email = «{ $value }» no puede ser el correo, porque no lleva @: compruebe que no falta un valor antes
# $first (number) - la otra línea
roster-again = ese DNI está también en la línea { $first }
roster-empty = hay cabecera y ningún estudiante, así que la clase quedaría vacía: si es lo que quiere, diga --empty en register roster
# $dni (text) - el DNI
# $count (number) - cuántos intentos
register-forget-ask = esto saca { $dni } del registro para siempre, con { $count ->
    [one] { $count } intento
   *[other] { $count } intentos
}: diga --yes si es lo que quiere
# $count (number) - cuántos intentos
register-forgot = { $count ->
    [one] se ha olvidado { $count } intento
   *[other] se han olvidado { $count } intentos
}; los códigos siguen usados
register-clock-fine = el reloj de este equipo no va por detrás del último código aceptado
register-clock-trusted = el reloj se da por bueno: los códigos vuelven a juzgarse con él, también en un servidor en marcha
# $dni (text) - el DNI
register-in-memory = aviso: el registro { $place } está en la memoria de este equipo (tmpfs) y se perderá al reiniciarlo: guárdelo en un disco
register-bad-secret = el secreto de { $dni } no se puede descifrar: dele uno nuevo (socklab register enrol --dni { $dni } --replace --sheet tarjeta.html)
register-whole = el registro está íntegro
register-damaged = el registro está dañado: pare el servidor, guarde el fichero y vuelva a la última copia
# $place (text) - el registro
# $file (text) - la copia de seguridad
register-restored = { $place } es ahora una copia de { $file }
# $file (text) - el otro nombre
register-kept = lo que había antes se conserva como { $file }
# $file (text) - dónde está ahora el diario
register-other-names = aviso: el registro { $file } tiene { $names } nombres (enlaces físicos): use solo este y borre los demás, o lo dañará un programa que use otro
log-set-aside = el diario que había junto al registro era de otro fichero: no se ha usado y se conserva como { $file }
# $file (text) - la copia
register-saved = todo lo confirmado está en { $file }: detenga el servidor y recupérelo con socklab register restore { $file }
# $dni (text) - el DNI
# $name (text) - el nombre
moodle-unmatched = { $dni } ({ $name }) no está en la lista y se omite: Moodle se pararía en él
moodle-late = fuera de plazo
# $count (number) - cuántos
moodle-dry-run = { $count ->
    [one] { $count } entrega no está en la lista
   *[other] { $count } entregas no están en la lista
}; no se ha escrito nada
# $count (number) - cuántas líneas
exported = { $count ->
    [one] escrita { $count } línea
   *[other] escritas { $count } líneas
}
enrol-nobody = no hay a quién dar secreto: cargue antes la lista (socklab register roster FICHERO), o ya los tienen todos
# $dni (text) - el DNI
enrol-already = { $dni } ya tiene un secreto: --replace le da otro, y la tarjeta anterior deja de valer
# $count (number) - cuántos
# $file (text) - la hoja
enrolled = { $count ->
    [one] { $count } secreto
   *[other] { $count } secretos
} en { $file }: imprímalo, repártalo y destrúyalo
# $file (text) - el fichero de la clave
enrol-key = los secretos están cifrados con { $file }: guárdelo con el servidor y lejos de las copias del registro
# $file (text) - la hoja
sheet-void = el registro no ha guardado los secretos: las tarjetas de { $file } no valen, bórrelas
# $file (text) - la hoja
sheet-uncertain = las tarjetas de { $file } pueden valer o no: bórrelas y haga otras con otro --sheet (con enrol, además --replace)
# $count (number) - cuántos secretos
rekeyed = { $count ->
    [one] { $count } secreto está cifrado con una clave nueva: su tarjeta sigue valiendo
   *[other] { $count } secretos están cifrados con una clave nueva: sus tarjetas siguen valiendo
}
rekey-damaged = la clave sigue siendo la anterior: dé antes secretos nuevos a estos estudiantes o siga sin ellos (socklab register rekey --skip-damaged)
rekey-nobody = nadie tiene secreto, así que no hay clave que cambiar
rekey-servers = detenga los servidores de este registro y vuelva a iniciarlos: aún tienen la clave anterior
sheet-title = Códigos de un solo uso
sheet-advice = Recorte las tarjetas y dé a cada estudiante la suya: quien tiene una tarjeta puede entregar en ese nombre. Escanee el código con una aplicación de autenticación.

## Certificados

# $file (text) - el fichero del certificado
# $detail (text) - qué tiene mal
certificate-warning = { $file }: los clientes podrían rechazar este certificado: { $detail }
# $file (text) - el fichero del certificado
certificate-reloaded = se ha leído de nuevo { $file }: las conexiones nuevas tienen este certificado
# $detail (text) - qué fichero, y qué tiene mal
certificate-kept = el certificado sigue siendo el de antes: { $detail }
# $peer (text) - de quién es el programa
# $detail (text) - por qué
certificate-refused = { $peer } ha rechazado el certificado de este servidor: { $detail }
# $time (text) - cuándo
certificate-expired = caducó el { $time } según el reloj de este equipo: haga uno nuevo, o ponga el reloj en hora
# $time (text) - cuándo
certificate-not-yet = solo vale desde el { $time } según el reloj de este equipo: ponga el reloj en hora
# $name (text) - lo que se pidió
# $list (text) - los nombres que tiene
certificate-name = no es de { $name } sino de { $list }: use un nombre que tenga
certificate-issuer = no lo ha firmado ninguna autoridad en la que confíe este cliente: indique con --ca el certificado de la práctica
certificate-authority = es el certificado de una autoridad (CA) y se esperaba el del propio servidor: hágalo con basicConstraints=CA:FALSE, o ponga primero en el fichero el del servidor
# $detail (text) - las palabras de la biblioteca
certificate-other = { $detail }
refusal-expired = según su reloj ha caducado, o aún no vale
refusal-issuer = no confía en quien lo firmó: dé el certificado a los estudiantes (--ca)
refusal-bad = no es del nombre que se escribió allí, o está dañado
refusal-unsupported = no sirve para un servidor
refusal-revoked = su autoridad lo ha revocado
refusal-unknown = no dice por qué
tls-no-certificate = no contiene ningún certificado en PEM (-----BEGIN CERTIFICATE-----)
tls-no-key = no contiene ninguna clave privada en PEM (-----BEGIN PRIVATE KEY-----)
tls-encrypted-key = la clave está cifrada con una contraseña, y un servidor no tiene a quién pedírsela: escríbala sin ella (openssl pkey -in CLAVE -out NUEVA)
# $detail (text) - las palabras de la biblioteca
tls-key = no se puede usar una clave de este tipo ({ $detail }): haga una EC o RSA
tls-mismatch = la clave no es de ninguno de los certificados: dé la clave con la que se hizo el certificado
# $at (number) - qué certificado, desde 1
tls-order = la cadena está desordenada: la clave es del certificado { $at } del fichero, que debe ir el primero
# $detail (text) - las palabras de la biblioteca
tls-unreadable = no se puede leer uno de sus certificados: { $detail }
# $name (text) - el nombre
tls-name = { $name } no es un nombre que pueda tener un certificado

## Un ensayo: qué llegó, parte por parte, y qué hay que decir de ello

# $peer (text) - de dónde llegó
# $bytes (number) - cuántos bytes
# $pieces (number) - en cuántas llamadas se recibieron
rehearsal-from = { $peer } envió { $bytes ->
    [one] { $bytes } byte
   *[other] { $bytes } bytes
}, que llegaron en { $pieces ->
    [one] { $pieces } trozo
   *[other] { $pieces } trozos
}
# $text (text) - el mensaje, o la parte
rehearsal-from-cut = { $peer } envió { $bytes } bytes o más, que llegaron en { $pieces ->
    [one] { $pieces } trozo
   *[other] { $pieces } trozos
}: una entrega tiene { $bytes } bytes como mucho, y no se lee más de ella
rehearsal-message = mensaje: { $text }
rehearsal-name = nombre: { $text }
rehearsal-dni = DNI: { $text }
rehearsal-code = código: { $text }
rehearsal-answer = respuesta: { $text }
# $said (text) - qué está mal, y qué cambiar
rehearsal-wrong = mal: { $said }
# $said (text) - qué conviene saber
rehearsal-note = nota: { $said }
rehearsal-nothing = no llegó nada: después de conectarse, envíe el mensaje (en Python, sendall), y solo entonces espere la respuesta
# $count (number) - cuántos hay
rehearsal-separators = lleva { $count } "&" y necesita dos: nombre&DNI&código, por ejemplo Ana García&12345678&123456
# $other (text) - lo que hay en su lugar
rehearsal-separator = sus partes van separadas por "{ $other }": escriba "&" entre ellas, y nada más
rehearsal-utf16 = está en UTF-16: envíelo en UTF-8 (en Python, texto.encode())
rehearsal-tls = es el comienzo de TLS, y este puerto recibe texto en claro: quite --tls o ssl, o use el puerto que tiene TLS
rehearsal-struct = es un struct de C, con los campos rellenos de NUL: envíe un solo texto, nombre&DNI&código (snprintf, y después los bytes que tenga)
# $count (number) - cuántos mensajes llegaron
# $right (number) - cuántos de ellos estaban bien
rehearsal-summary = qué explicar el próximo día ({ $count ->
    [one] { $count } mensaje
   *[other] { $count } mensajes
}, bien { $right }):
# $count (number) - cuántos mensajes lo tenían
# $said (text) - qué estaba mal
rehearsal-cause = { $count } × { $said }
rehearsal-bom = empieza con una marca de orden de bytes, que se salta: no hace falta enviarla
# $count (number) - cuántos bytes
rehearsal-after = después del mensaje { $count ->
    [one] llegó { $count } byte más, que nadie lee: no hace falta enviarlo
   *[other] llegaron { $count } bytes más, que nadie lee: no hace falta enviarlos
}
rehearsal-swapped = el código está donde debería estar el DNI: el orden es nombre&DNI&código
# $count (number) - cuántos bytes tiene
rehearsal-name-long = el nombre tiene { $count } bytes y puede tener 512 como mucho
rehearsal-name-not-utf8 = el nombre no está en UTF-8, así que se toma por Windows-1252: envíelo en UTF-8 (en Python, texto.encode())
rehearsal-name-ampersand = el nombre lleva un "&": se acepta, porque cuentan los dos últimos "&" del mensaje
rehearsal-name-quoted = el nombre empieza como cuando un programa imprime un valor y no su texto: si no lo quería así, envíe solo el texto (en Python, texto.encode() y no su str)
rehearsal-dni-blanks = hay espacios alrededor del DNI: envíe solo sus cifras
rehearsal-code-blanks = hay espacios en el código o alrededor: envíe sus 6 cifras juntas (en Python, strip y replace)
# $hours (number) - cuánto se desvía el reloj; negativo es atraso
rehearsal-code-hours = el código es el de un reloj que se desvía { $hours } h: ponga bien la zona horaria, o use UTC para generarlo
# $dni (text) - las cifras con las que se hizo el código
rehearsal-code-zeros = el código es el de { $dni }: envíe las mismas cifras con las que se hizo, con los mismos ceros delante
rehearsal-code-twice = el secreto se codificó en base32 dos veces: hágalo una sola
rehearsal-code-not-encoded = se usó el propio DNI como secreto en base32: codifique antes sus cifras en base32
rehearsal-code-letter = el código se hizo con el DNI y su letra: hágalo solo con las cifras
rehearsal-code-wrong = el código no es de este DNI, ni ahora ni en los 5 minutos anteriores o siguientes: compruebe que los dos salen de las mismas cifras, y el reloj del móvil (socklab otp clock)
rehearsal-right = todo está bien

## Lo que no puede estar bien en lo que envió el otro extremo

# $received (text) - lo que llegó
# $expected (text) - lo que tenía que llegar
# $number (number) - dónde se separan, o cuántos bytes
odd-differs = { $received } en vez de { $expected }, desde el carácter { $number }
odd-longer = { $received } en vez de { $expected }, { $number ->
    [one] sobra { $number } byte
   *[other] sobran { $number } bytes
}
odd-shorter = { $received } en vez de { $expected }, { $number ->
    [one] falta { $number } byte
   *[other] faltan { $number } bytes
}
# $what (text) - qué está mal
# $cure (text) - cómo se hace en Python
odd-cure = { $what } En Python: { $cure }
# $difference (text) - lo que llegó, lo que tenía que llegar y dónde se separan
odd-wrong-reply = respuesta equivocada: { $difference }
odd-wrong-banner = saludo equivocado: { $difference }
# $text (text) - lo que llegó
odd-no-end = el servidor ha dicho { $text } y no cierra: un cliente que lea hasta el final espera para siempre (en Python, connection.close())
odd-unended-line = una línea ha empezado con { $text } y no termina: detrás va un salto de línea (en Python, text.encode() + b"\n")
odd-python-bytes = { $text } es como Python imprime los bytes: aquí va el texto (en Python, data.decode(), no str(data))
odd-almost-fin = { $text } no es la palabra que termina el intercambio: tiene que serlo letra por letra, sin blancos ni salto de línea
odd-own-capitals = { $text } es lo que se acaba de decir, en mayúsculas: ¿es un servidor de eco?
odd-more = viene más como esto, y ya no se dice
# $peer (text) - dirección y puerto del servidor
failure-no-line-end = lo que responde { $peer } no tiene salto de línea: va detrás de cada respuesta (en Python, reply + b"\n")

## Contraseñas de un solo uso

otp-secret = mi secreto:
otp-uri = mi URI de aprovisionamiento:
otp-code-valid = el código es válido en este momento
otp-code-invalid = el código no es válido en este momento
# $seconds (number) - hasta el final del paso actual
otp-remaining = cambia dentro de { $seconds ->
    [one] { $seconds } segundo
   *[other] { $seconds } segundos
}
otp-clock-exact = el código es el de este momento: el reloj del teléfono y el de este equipo coinciden
# $seconds (number) - cuánto atrasa
# $advice (text) - qué reloj hay que poner en hora
clocks-behind = el reloj del teléfono va unos { $seconds } s por detrás del de este equipo: { $advice }
# $seconds (number) - cuánto adelanta
# $advice (text) - qué reloj hay que poner en hora
clocks-ahead = el reloj del teléfono va unos { $seconds } s por delante del de este equipo: { $advice }
clocks-set-both = ponga la hora de los dos en automático
clocks-set-phone = el de este equipo lo mantiene un servidor de hora, así que ponga la hora del teléfono en automático
# $minutes (number) - hasta dónde se ha buscado, a ambos lados
otp-clock-none = este DNI no da ese código en ningún momento a menos de { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
} de ahora: compruebe el DNI, que el teléfono se dio de alta con él, y las fechas del teléfono y de este equipo
otp-clock-ambiguous = el código es de más de un momento: espere al siguiente y escriba ese
otp-dni-is-secret = el DNI es el secreto y viaja en claro: un código solo demuestra que alguien conoce el DNI, no quién es
qr-too-long = esto es demasiado largo para un código QR: acorte el usuario o el emisor
# $needed (number) - columnas del código QR
# $there (number) - columnas del terminal
qr-narrow = el código QR ocupa { $needed } columnas y el terminal tiene { $there }: ensánchelo, o escriba una imagen con --png FICHERO o --svg FICHERO
# $label (text) - la etiqueta
otp-label-colon = «{ $label }» tiene «:», que en el teléfono separa el emisor del usuario: quítelo
otp-try-rfc = si ningún código de este teléfono es nunca válido, quizá no admite el relleno del secreto: socklab otp enroll --uri-style rfc
# $file (text) - la ruta del fichero
wrote-file = escrito { $file }

## Direcciones

address-empty = la dirección está vacía: escriba HOST, :PUERTO, HOST:PUERTO o [IPv6]:PUERTO
# $port (text) - lo que hay en el lugar del puerto
address-port = «{ $port }» no es un puerto: escriba un número de 1 a 65535
# $host (text) - lo que hay en el lugar del host
address-host = «{ $host }» no es un host ni una dirección IP: escriba HOST, HOST:PUERTO, o :PUERTO para solo el puerto
# $host (text) - el nombre
address-no-ip = no se encuentra ninguna dirección IP de «{ $host }»: compruebe el nombre y su red, o escriba la propia dirección IP
address-v6-brackets = una dirección IPv6 con puerto va entre corchetes: [::1]:16000

## Ficheros

standard-output = salida estándar
# $file (text) - la ruta del fichero
# $detail (text) - qué pasa
transcript-expects-title = línea { $line }: debe decir «socklab transcript 1»
transcript-expects-header = línea { $line }: debe empezar por exercise, role, runtime, epoch o masked digits, o estar vacía
transcript-expects-event = línea { $line }: debe ser un suceso, como «0.000000000 -> start»
file-error = { $file }: { $detail }
# $file (text) - la ruta del fichero
output-database = { $file }: es un registro, o su diario o su clave, y no se sobrescribe: indique otro fichero
output-in-use = { $file }: esta orden ya lo usa para otra cosa: indique otro fichero
output-exists = { $file }: ya existe y no se sobrescribe: indique otro nombre, o bórrelo antes
output-of-another-kind = { $file }: ya existe y no lo escribió esta opción: indique otro nombre, o bórrelo antes
output-extension = { $file }: esta opción no escribe ficheros de ese tipo: indique un nombre que termine en { $list }
output-foreign = { $file }: contiene otra cosa que lo que se le añadiría: indique otro fichero
output-unread = { $file }: ningún programa lee esta tubería: inicie antes su lector
# $mode (text) - los permisos, en octal
file-open-to-all = aviso: otros pueden leer { $file } (permisos { $mode }): ejecute chmod 600 sobre él
# $most (number) - cuántos MiB
transcript-full = { $file }: esta ejecución ha escrito { $most } MiB de transcripciones, y lo que ocurra a partir de ahora no se guarda
log-full = { $file }: esta ejecución ha escrito { $most } MiB de intentos no aceptados, y los siguientes no se guardan; los aceptados disponen de otros { $most } MiB
log-full-accepted = { $file }: esta ejecución ha escrito { $most } MiB de intentos aceptados, y los siguientes no se guardan aquí; el registro los tiene
# $detail (text) - lo que dijo el sistema
log-failed = { $file }: no se puede escribir hasta el final, así que está incompleto: { $detail }
log-dropped = { $file }: { $lines ->
    [one] falta { $lines } línea
   *[other] faltan { $lines } líneas
}, porque quien lo lee no las tomó a tiempo

## La visita

tour-client = CLIENTE
tour-server = SERVIDOR
# $exercise (text) - su nombre
# $runtime (text) - el modelo de E/S
tour-failed = { $exercise } con { $runtime } no ha terminado como debía
tour-intro = Realizado ahora en este equipo: lo que cruzó y, debajo, qué hizo el servidor de cada modelo.
tour-connects = se conecta
tour-closes = cierra
# $count (number) - cuántas operaciones habrían tenido que esperar
tour-in-vain = {" "}({ $count } en vano)
# $operation (text) - la clase de operación
# $ms (text) - milisegundos
tour-longest = ; lo más largo, { $operation }: { $ms } ms
tour-next = Siga con
tour-next-timeline = dónde espera cada programa, medido
tour-next-lesson = ¿quién nota que el servidor no está? Prediga y mida
tour-next-compare = cuánto cuesta cada manera de esperar
tour-next-own = en un terminal, y su propio cliente en otro
tour-next-transcript = cada suceso de las dos máquinas
tour-runtime = modelo
tour-would-block = de vacío
tour-blocked = más tiempo bloqueado en
tour-transcript = transcripción
tour-same = la misma
tour-differs = ES OTRA

## Errores al escribir la orden: cada uno sigue con usage-help

# $arg (text) - lo escrito
usage-unknown = esta orden no admite «{ $arg }»
# $arg (text) - lo escrito
# $near (text) - lo que quizá se quería
usage-unknown-near = esta orden no admite «{ $arg }»; ¿quería decir { $near }?
# $command (text) - lo escrito
# $list (text) - lo que hay
usage-command = «{ $command }» no es una orden: use una de { $list }
# $command (text) - lo escrito
# $near (text) - lo que quizá se quería
usage-command-near = «{ $command }» no es una orden; ¿quería decir { $near }?
# $list (text) - lo que hay
usage-no-command = diga qué ejecutar: { $list }
# $arg (text) - la opción
usage-no-value = { $arg } necesita un valor
# $arg (text) - la opción y sus valores
usage-too-few = falta un valor: { $arg }
# $arg (text) - la opción
usage-too-many = { $arg } no lleva valor
# $arg (text) - la opción
# $value (text) - lo escrito
# $valid (text) - lo que se puede escribir
usage-value = { $arg } no admite «{ $value }»: use { $valid }
# $arg (text) - la opción
# $value (text) - lo escrito
# $near (text) - lo que quizá se quería
usage-value-near = { $arg } no admite «{ $value }»; ¿quería decir { $near }?
usage-not-text = un argumento no es texto en UTF-8: escríbalo otra vez
# $arg (text) - la opción
# $value (text) - lo escrito
usage-invalid = { $arg } no admite «{ $value }»
range-whole = indique un número entero de { $from } a { $to }
range-real = indique un número de { $from } a { $to }, con punto decimal
range-seconds = indique un número de segundos de { $from } a { $to }, con punto decimal, o 0 para esperar sin límite
range-visible = indique un nombre cuyas letras se vean todas
usage-listen = esta orden no admite «{ $arg }»: diga dónde escuchar con --listen { $listen }
usage-port = esta orden no admite «{ $arg }»: escriba el puerto detrás de la dirección, como HOST:{ $arg }
# $arg (text) - lo que falta
usage-missing = falta { $arg }
# $arg (text) - la opción
usage-conflict = { $arg } no puede ir con las demás
usage-lose-stream = TCP no pierde nada: vuelve a enviar lo que se perdió por el camino; --lose es para UDP (message, echo, chat), aquí están --pieces y --delay
usage-pieces-datagrams = un datagrama llega entero o no llega: --pieces es para TCP (welcome, capitals, submit), aquí están --lose y --delay
usage-seed-alone = --seed no decide nada por sí solo: añada --pieces, --lose o --delay
# $runtime (text) - el modelo de E/S
# $list (text) - los que la admiten
usage-threads = { $runtime } tiene los hilos que necesita: --threads es para { $list }
# $runtime (text) - el modelo de E/S
# $detail (text) - lo que dijo el sistema
runtime-not-here = { $runtime } no se ofrece: este sistema no tiene lo que necesita ({ $detail }); --help nombra los modelos que hay
# $runtime (text) - el modelo de E/S
# $detail (text) - lo que dijo el sistema
runtime-no-uring = { $runtime } no se ofrece: este sistema niega un io_uring ({ $detail }). Hace falta Linux 6.1 o posterior, y muchos contenedores lo prohíben; --help nombra los modelos que hay
# $runtime (text) - el modelo de E/S
# $exercise (text) - el ejercicio
runtime-no-tcp = { $runtime } no tiene TCP, así que no hay { $exercise }: en una conexión SIGIO llega por casi todo y no dice por qué (UNP 25.2). Elija otro, como mio
# $runtime (text) - el modelo de E/S
runtime-processes-serve = { $runtime } solo sirve { $list }: un cliente no necesita un proceso propio, y otro proceso no tiene ni el registro ni lo que teclea el usuario del servidor
runtime-processes-no-transcript = { $runtime } no escribe transcripciones: lo que pasa en otro proceso no se puede observar desde este. Para eso, elija blocking o blocking-pool
runtime-spins = { $runtime } ocupa un núcleo entero mientras está en marcha, aunque no haya nada que hacer
# $command (text) - la orden
usage-help = vea: { $command } --help

## Lo que dice el sistema: $text es uno de estos, $code su número

system-not-found = no existe ese fichero o carpeta
system-denied = permiso denegado
system-not-permitted = operación no permitida
system-exists = el fichero ya existe
system-full = no queda espacio en el disco
system-quota = se ha superado la cuota de disco
system-file-too-large = el fichero es demasiado grande
system-read-only = el sistema de ficheros es de solo lectura
system-directory = es una carpeta
system-not-directory = no es una carpeta
system-name-too-long = el nombre del fichero es demasiado largo
system-name = el nombre del fichero no es válido
system-busy = el dispositivo o el fichero está ocupado
system-pipe = el otro extremo de la tubería se ha cerrado
system-refused = conexión rechazada
system-reset = el otro extremo ha cortado la conexión
system-aborted = el sistema ha cortado la conexión
system-not-connected = el conector no está conectado
system-in-use = la dirección ya está en uso
system-not-available = la dirección no es de este equipo
system-network = no se llega a esa red
system-host = no se llega a ese equipo
system-timed-out = se ha agotado el tiempo
system-memory = no queda memoria
system-not-text = no es texto en UTF-8
system-invalid = argumento no válido
system-descriptors = hay demasiados ficheros abiertos
# $text (text) - qué ha pasado
# $code (number) - el número que le da el sistema
system-code = { $text } (error { $code })

## Ayuda

# $list (text) - lo que admite
arg-values = uno de { $list }
# $value (text) - lo que vale de partida
arg-default = si no se dice, { $value }
# $name (text) - lo que representa un valor en el uso de una orden
value-name = { $name ->
    [ADDR] DIRECCIÓN
    [ANSWER] RESPUESTA
    [CERT] CERTIFICADO
    [CODE] CÓDIGO
    [COMMAND] ORDEN
    [DIR] CARPETA
    [EXERCISE] EJERCICIO
    [FILE] FICHERO
    [FOLDER] CARPETA
    [FORMAT] FORMATO
    [ISSUER] EMISOR
    [KEY] CLAVE
    [LESSON] LECCIÓN
    [LIST] LISTA
    [MODEL] MODELO
    [NAME] NOMBRE
    [PORT] PUERTO
    [ROLE] EXTREMO
    [RUNTIME] MODELO
    [SECONDS] SEGUNDOS
    [USER] USUARIO
   *[other] { $name }
}
heading-usage = Uso
heading-commands = Órdenes
heading-arguments = Argumentos
heading-options = Opciones
heading-examples = Ejemplos
help = Un laboratorio de redes en cada modelo de E/S: los mismos ejercicios con hilos, tareas y un bucle de eventos.
help-examples = socklab tour ; socklab echo server ; printf 'hola\nfin\n' | socklab echo client
help-message = Una línea, un datagrama, sin respuesta (UDP 15002).
help-message-client = Envía una línea y se va; UDP no dice si alguien la ha oído.
help-message-client-examples = socklab message client ; echo hola | socklab message client 192.0.2.7
help-message-server = Espera un datagrama, lo muestra y termina.
help-message-server-examples = socklab message server ; socklab message server --listen 0.0.0.0
help-echo = El texto vuelve en mayúsculas, hasta que la respuesta es FIN (UDP 16000).
help-echo-client = Envía líneas y muestra las respuestas, hasta FIN o el final de la entrada.
help-echo-client-examples = socklab echo client ; printf 'hola\nfin\n' | socklab echo client ; socklab echo client lab.example:16000 --retries 3 ; socklab echo client --lose 30 --retries 5
help-echo-server = Responde a todos en mayúsculas; termina tras responder FIN.
help-echo-server-examples = socklab echo server ; socklab echo server --listen 0.0.0.0 --keep-serving ; socklab echo server --lose 50 --seed 7
help-chat = Dos personas hablan por turnos estrictos, primero el cliente, hasta que una envía fin (UDP 16000).
help-chat-client = Empieza una charla. Si se pierde un datagrama los dos se quedan esperando: un mensaje repetido no se distinguiría de uno nuevo, así que no hay nada que reintentar. Sin --timeout espera sin límite.
help-chat-client-examples = socklab chat client ; socklab chat client 192.0.2.7 --timeout 60
help-chat-server = Charla con el primer cliente que habla; de los demás se avisa y se descartan.
help-chat-server-examples = socklab chat server ; socklab chat server --listen 0.0.0.0
help-welcome = El servidor saluda a quien se conecta y cierra la conexión (TCP 19000).
help-welcome-client = Se conecta y muestra lo que dice el servidor.
help-welcome-client-examples = socklab welcome client ; socklab welcome client [::1]:19000
help-welcome-server = Saluda a cada conexión y espera la siguiente; sigue abierto hasta Ctrl-C.
help-welcome-server-examples = socklab welcome server ; socklab welcome server --listen :0 ; socklab welcome server --pieces 5 --delay 200
help-capitals = Las líneas vuelven en mayúsculas por una conexión que permanece, hasta FIN (TCP 16000).
help-capitals-client = Envía cada línea y la muestra en mayúsculas; termina cuando la respuesta es FIN.
help-capitals-client-examples = socklab capitals client ; printf 'hola\nfin\n' | socklab capitals client
help-capitals-server = Responde en mayúsculas a cada línea de cada conexión; FIN termina una conexión, y el servidor sigue abierto hasta Ctrl-C.
help-capitals-server-examples = socklab capitals server ; socklab capitals server --runtime mio --listen :0 ; socklab capitals server --pieces 1
help-submit = El nombre, el DNI y el código van al servidor de los profesores, que responde (TCP 21000).
help-submit-client = Envía nombre, DNI y código; pregunta lo que falte. El DNI es el secreto y viaja en claro.
help-submit-client-examples = socklab submit client ; socklab submit client lab.example --name 'Ana García' --dni 12345678
help-submit-server = Verifica y registra entregas, y responde a cada una cuando está a salvo en el disco. Con --secret dni, como en la práctica, quien sabe un DNI puede entregar en su nombre, y dos códigos vistos en la red bastan para hallar el DNI: demuestra que el protocolo funciona, no quién está ahí. Con --secret random un código demuestra quién tiene el secreto; el DNI y el nombre siguen viajando en claro.
help-submit-server-examples = socklab submit server --listen 0.0.0.0 --lab lab3 ; socklab submit server --roster clase.csv ; socklab submit server --secret random ; socklab submit server --rehearse
help-register = Para profesores: consulta y cambia el registro de los envíos.
help-register-status = Quién ha entregado, quién falta, por grupos, y qué llama la atención.
help-register-status-examples = socklab register status --lab lab3 ; socklab register status --watch
help-register-list = Todas las entregas: número, hora, DNI, dirección, resguardo, nombre.
help-register-list-examples = socklab register list --lab lab3
help-register-why = Cada intento de un DNI, y en qué quedó.
help-register-why-examples = socklab register why --dni 12345678
help-register-export = Escribe las entregas como CSV, como líneas JSON o como calificaciones para Moodle.
help-register-export-examples = socklab register export --to lab3.csv --lab lab3 ; socklab register export --format moodle --dry-run ; socklab register export --format moodle --to notas.csv
help-register-receipt = Dice qué entrega demuestra un resguardo.
help-register-receipt-examples = socklab register receipt 7K3QX-M9A2B
help-register-roster = Hace de un fichero CSV la clase. Su primera línea nombra las columnas; el DNI, el nombre, los apellidos, el grupo y el correo se conocen por sus nombres habituales en español y en inglés.
help-register-roster-examples = socklab register roster clase.csv ; socklab register roster clase.csv --column 'group=Horario'
help-register-enrol = Da secretos aleatorios a los estudiantes y escribe una hoja de códigos QR para imprimir.
help-register-enrol-examples = socklab register enrol --all --sheet tarjetas.html ; socklab register enrol --dni 12345678 --sheet tarjeta.html
help-register-rekey = Cifra los secretos con una clave nueva, si otros pueden haber visto la anterior. Con --lost, si la anterior se ha perdido: entonces todos los que tenían secreto reciben otro, y tarjetas nuevas.
help-register-rekey-examples = socklab register rekey ; socklab register rekey --lost --sheet tarjetas.html
help-register-clock = Dice si el reloj de este equipo va por detrás de un código aceptado, con lo que se rechazan los códigos.
help-register-clock-examples = socklab register clock ; socklab register clock --right
help-register-deadline = Dice hasta cuándo se entrega una práctica, para todos o para un grupo. Lo que llega después cuenta, y se marca como fuera de plazo en status, list y export.
help-register-deadline-examples = socklab register deadline --lab lab3 2026-11-20T18:00 ; socklab register deadline --lab lab3 --group A1 2026-11-21T12:00 ; socklab register deadline --lab lab3 --group A1 --remove
help-register-unlock = Perdona a un DNI sus fallos: ya no hacen esperar, y status deja de nombrarlos.
help-register-unlock-examples = socklab register unlock --dni 12345678
help-register-forget = Saca del registro todo lo de un DNI; sus códigos siguen usados.
help-register-forget-examples = socklab register forget --dni 12345678 --yes
help-register-backup = Copia el registro en un fichero nuevo mientras los servidores lo usan.
help-register-backup-examples = socklab register backup registro-2026-11-23.db
help-register-restore = Pone una copia de seguridad en el lugar del registro, mientras ningún servidor lo usa. Lo que había se conserva.
help-register-restore-examples = socklab register restore registro-2026-11-23.db
help-register-verify = Comprueba que el registro está íntegro.
help-register-verify-examples = socklab register verify --register register.db
help-otp = Códigos de un solo uso (TOTP, RFC 6238) cuyo secreto es el DNI.
help-otp-enroll = Muestra el secreto, la URI y su código QR para el teléfono; en un terminal, después comprueba un código.
help-otp-enroll-examples = socklab otp enroll --dni 123456 ; socklab otp enroll --dni 123456 --png qr.png --no-verify
help-otp-code = Muestra el código de este momento.
help-otp-code-examples = socklab otp code --dni 123456
help-otp-verify = Dice si un código es válido en este momento.
help-otp-verify-examples = socklab otp verify --dni 123456 186818 ; socklab otp verify --dni 123456 186818 --window 1
help-otp-clock = Compara el reloj del teléfono que muestra un código con el de este equipo.
help-otp-clock-examples = socklab otp clock --dni 123456 186818
help-completions = Escribe el guion con el que un intérprete de órdenes completa esta orden.
help-completions-examples = socklab completions bash > ~/.local/share/bash-completion/completions/socklab ; socklab completions fish > ~/.config/fish/completions/socklab.fish
help-transcript = Lo que un programa ha visto y hecho, como texto.
help-transcript-show = Comprueba una transcripción y la muestra.
help-transcript-show-examples = socklab echo client --transcript echo.txt ; socklab transcript show echo.txt --canonical
help-tour = Ejecuta de verdad cada ejercicio en este equipo y muestra los dos extremos lado a lado.
help-tour-examples = socklab tour ; socklab tour echo
help-arg-help = Muestra esta ayuda
help-arg-version = Muestra la versión
help-arg-lang = El idioma: es o en (si no, SOCKLAB_LANG; si no, el del sistema)
help-arg-quiet = No muestra nada salvo los fallos
help-arg-runtime = El modelo de E/S en el que se ejecuta
help-arg-transcript = Escribe lo que ocurre en FICHERO (64 MiB como mucho)
help-arg-tour-transcript = Mostrar en su lugar cada suceso de las dos máquinas
help-arg-unmasked = Deja legibles los DNI y los códigos en la transcripción
help-arg-shell = El intérprete de órdenes
help-arg-raw = Muestra lo que dice el otro tal cual, con sus caracteres de control
help-arg-address = El servidor: HOST, :PUERTO, HOST:PUERTO o [IPv6]:PUERTO (si no, 127.0.0.1 y el puerto del ejercicio)
help-arg-timeout = Cuántos segundos se espera una respuesta; 0 para esperar lo que haga falta
help-arg-listen = Dónde se escucha: HOST, :PUERTO, HOST:PUERTO o [IPv6]:PUERTO; puerto 0 para uno libre
help-arg-retries = Cuántas veces se repite una línea que no tuvo respuesta a tiempo: de 0 a 100
help-arg-pieces = Envía por TCP en trozos de 1 a N bytes, separados al menos 1 ms: de 1 a 65536
help-arg-delay = Envía todo MS milisegundos más tarde; con --pieces, cada trozo MS después del anterior: de 0 a 60000
help-arg-lose = Pierde al azar tantos de cada 100 datagramas que enviaría este extremo: de 0 a 100
help-arg-seed = De qué se saca todo lo que es azar: la misma semilla lo repite
help-arg-inherited = Atender el socket que es la entrada estándar; lo usa el propio programa
help-arg-threads = Cuántos hilos tiene un servidor cuyo modelo tiene un número fijo: blocking-pool o blocking-prefork (si no, 2 por núcleo y al menos 4), mio-loops (si no, 1 por núcleo y al menos 2) o, con TCP, tokio (si no, 1 por núcleo)
help-arg-keep-serving = Sigue después de responder FIN
help-arg-name = Su nombre
help-arg-dni = Su DNI: sus 6 a 8 cifras, sin la letra (si no, SOCKLAB_DNI; si no, se pide sin mostrarlo)
help-arg-otp = El código que su teléfono muestra ahora
help-arg-account = El nombre de la cuenta en el teléfono
help-arg-issuer = El nombre del emisor en el teléfono
help-arg-uri-style = lab: como la escribe el curso; rfc: el secreto sin relleno
help-arg-png = Escribe el código QR en un fichero PNG nuevo
help-arg-svg = Escribe el código QR en un fichero SVG nuevo
help-arg-no-qr = No dibuja el código QR en el terminal
help-arg-no-verify = No pide un código
help-arg-code = Las seis cifras
help-arg-window = Cuántos pasos de 30 s antes y después cuentan también: de 0 a 10
help-arg-file = La transcripción
help-arg-canonical = Sin tiempos, modelo ni direcciones: lo que toda ejecución tiene en común
help-arg-exercise = Solo este
help-arg-register = El registro: un fichero, o postgres://usuario@equipo/base
help-arg-lab = El ejercicio en el que se archivan las entregas
help-arg-secret = De qué se hacen los códigos: del DNI, como en la práctica, o de un secreto aleatorio, de los repartidos (como recuerde el registro; al principio, del DNI)
help-arg-nie = Se admiten también los números de extranjeros (NIE), con sus dos letras: X1234567L
help-arg-new-dnis = Por cuántos DNI que no han entregado antes puede entregar a la vez una dirección, y después uno por segundo; sin límite para los de la lista, los que tienen secreto aleatorio y localhost
help-arg-right = El reloj va bien ahora y antes iba mal: vuelven a juzgarse los códigos, aunque se aceptaron otros posteriores
help-arg-key = El fichero de la clave con la que se cifran los secretos aleatorios (si no se dice, junto al registro)
help-arg-roster = Solo puede entregar la clase: un fichero CSV cuya primera línea nombra sus columnas (vea register roster)
help-arg-column = Dice qué columna es qué si no lo dice su cabecera: FIELD es dni, name, surname, surname2, group o email; se puede repetir
help-arg-empty = Admite una lista sin estudiantes: la clase queda vacía
help-arg-ahead = También vale el código del paso siguiente, para móviles que adelantan
help-arg-max-connections = Cuántas conexiones puede haber a la vez, de 1 a 1000000; a las demás se les dice que está ocupado
help-arg-per-address = Cuántas de ellas pueden venir de una dirección, de 1 a 1000000; un campus puede ser una sola
help-arg-patience = Cuántos segundos puede durar en total un intercambio: de 1 a 3600
help-arg-log = Añade a FICHERO lo que ocurre como líneas JSON, con los DNI ocultos y sin códigos (64 MiB de intentos como mucho)
help-arg-rehearse = Muestra lo que recibe, parte por parte, explica cada error y no guarda nada; hasta que termina, recuerda quién ha entregado y qué códigos se han usado
help-arg-watch = Lo muestra de nuevo cuando algo cambia, hasta Ctrl-C
help-arg-format = Qué se escribe
help-arg-to = Escribe en FICHERO en vez de en la salida estándar (un fichero que ya existe solo se reemplaza si lo escribió esta opción)
help-arg-grade-item = El nombre del ítem de calificación de Moodle (si no se dice, el de la práctica)
help-arg-grade = La nota de una entrega
help-arg-maximum = Lo máximo que admite el ítem
help-arg-dry-run = Solo dice a quién no conocería Moodle
help-arg-receipt = El resguardo: diez letras y cifras
help-arg-roster-file = La clase: un fichero CSV cuya primera línea nombra sus columnas
help-arg-enrol-dni = A quién dar secreto; se puede repetir
help-arg-all = A todos los de la clase que aún no lo tienen
help-arg-sheet = El fichero HTML que se escribe; no debe existir
help-arg-replace = Dar secretos nuevos también a quienes ya tienen; sus tarjetas anteriores dejan de valer
help-arg-lost = La clave anterior se ha perdido
help-arg-skip-damaged = Seguir aunque algún secreto no se pueda descifrar: se queda como está y su estudiante necesita otro
help-arg-due = Cuándo: 2026-11-20T18:00, en la zona horaria de este equipo, o con su diferencia (+01:00); si no se dice, se muestran los plazos
help-arg-due-group = Solo para este grupo
help-arg-remove = Quita el plazo
help-arg-yes = Hacerlo sin preguntar
help-arg-backup = El fichero nuevo
help-arg-restore-from = La copia de seguridad
help-arg-tls = Cifra la entrega (TLS; puerto 21001 si no se dice otro)
help-arg-ca = Confía en los certificados de FICHERO (PEM) en vez de en las autoridades públicas
help-arg-tls-files = Acepta también entregas cifradas, con este certificado y su clave (PEM)
help-arg-tls-listen = Dónde aceptar entregas cifradas (si no se dice, la misma dirección y el puerto 21001)
help-arg-batch = Cuántas entregas comparten una confirmación en disco como mucho, de 1 a 256; 1 muestra lo que se gana compartiéndola
