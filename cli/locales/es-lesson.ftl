### `socklab lesson`, en español.

## Ayuda

help-lesson = Una pregunta sobre cómo se comportan los programas de red, su predicción y una medida que la responde.
help-lesson-examples = socklab lesson ; socklab lesson ports ; socklab lesson head-of-line --predict b ; socklab lesson c10k --quick
help-arg-lesson = Qué lección; si no se dice, las nombra todas
help-arg-lesson-list = Nombra las lecciones y lo que pregunta cada una
help-arg-predict = Su predicción: una letra o un número, según pida la lección (si no se da, se pregunta)
help-arg-lesson-quick = Dedica menos tiempo: medidas más cortas, menos conexiones

## Todas las lecciones

lesson-start = empiece una con su nombre, por ejemplo: socklab lesson head-of-line
# $answers (text) - lo que se puede responder
prompt-prediction = Su predicción ({ $answers }; Intro si no tiene):{ " " }
lesson-a-number = un número
# $given (text) - lo respondido
# $answers (text) - lo que se puede responder
lesson-no-answer = «{ $given }» no es una respuesta a esta lección: dé { $answers }
# $what (text) - un modelo o una carga
lesson-progress = midiendo: { $what }
# $lesson (text) - su nombre
# $detail (text) - lo que ha dicho el sistema
lesson-failed = la lección { $lesson } no se ha podido medir: { $detail }; cierre otros programas y pruebe de nuevo
# $who (text) - el modelo o la carga
# $count (number) - cuántas preguntas
lesson-unanswered = { $who }: { $count ->
    [one] { $count } pregunta
   *[other] { $count } preguntas
} sin respuesta correcta a tiempo; cada una cuenta en los tiempos de arriba con lo que se la esperó.
# $answer (text) - la predicción
lesson-predicted = Predicho:  { $answer }
# $answer (text) - el resultado
lesson-measured = Medido:    { $answer }
lesson-none-made = no se ha hecho ninguna predicción
lesson-none-of-these = ninguna de las respuestas: vea la tabla
lesson-not-measurable = esta medición no lo muestra
lesson-right = Es como ha predicho.
# $times (number) - cuántas veces de más o de menos se admite
lesson-near = Es más o menos como ha predicho: dentro de un factor de { $times }.
lesson-wrong = No es como ha predicho.
# $times (text) - cuántas veces de más o de menos
lesson-wrong-by = No es como ha predicho: se desvía en un factor de { $times }.
lesson-otherwise = Esta vez se ha medido algo distinto de lo que se explica abajo. La causa puede ser un equipo ocupado u otro sistema operativo: ejecútela de nuevo y crea a la tabla.
lesson-heading-why = Por qué
lesson-heading-next = Pruebe después
# $models (text) - sus nombres
lesson-lacks = Este sistema no tiene { $models }, así que la tabla no tiene fila para ello.
lesson-model = modelo
lesson-yes = sí
lesson-no = no

## start-order

lesson-start-order = ¿qué le pasa a un cliente que arranca antes que su servidor?
lesson-start-order-setup = Cuatro clientes arrancan cuando nadie escucha en el puerto de su servidor. Un momento después arranca el servidor en ese puerto y miramos si todavía le llega algo del primer cliente. Luego arranca un segundo cliente de cada clase, ya con el servidor en marcha.
lesson-start-order-question = Fíjese en el cliente TCP y en el UDP simple, que solo envía un mensaje y se va. ¿A cuál de ellos le dice alguna de sus propias llamadas que no había nadie?
lesson-start-order-neither = a ninguno
lesson-start-order-tcp = solo al cliente TCP
lesson-start-order-udp = solo al cliente UDP
lesson-start-order-both = a los dos
lesson-client = cliente
lesson-client-welcome = welcome: connect de TCP
lesson-client-plain = UDP simple: sendto, close
lesson-client-message = message: connect de UDP, send
lesson-client-echo = echo: UDP, espera respuesta
lesson-told = se le dijo
lesson-told-nothing = nada
lesson-told-refused = rechazado
lesson-told-later = rechazado, tras haber enviado
lesson-told-no-reply = sin respuesta en su plazo
lesson-told-else = otro fallo
lesson-kept = se guardó
lesson-heard = se oyó al segundo
lesson-start-order-columns = «ms» es lo que tardó el primer cliente. «Se guardó»: si al servidor que arrancó después le llegó algo de él.
lesson-start-order-why = Para abrir una conexión TCP alguien tiene que contestar: a un SYN para un puerto en el que nadie escucha, el sistema contesta de inmediato con un reset, y connect falla. UDP no tiene nada que abrir: sendto entrega el datagrama y ha terminado. El sistema del otro extremo no encuentra ningún socket, descarta el datagrama y devuelve un ICMP «port unreachable»; pero eso llega después, y solo se comunica a un socket conectado, en su siguiente llamada. Así que el cliente simple no se entera nunca; el cliente message de socklab, cuyo socket está conectado, pregunta una vez antes de irse; y el de echo se entera porque espera. Nadie guarda el datagrama para un servidor futuro: el servidor tiene que estar antes para oírlo. A través de una red, el mensaje ICMP se filtra a menudo; entonces incluso el cliente que espera solo ve agotarse su plazo.
lesson-start-order-source = Fuentes: RFC 9293 (TCP), 3.10.7.1; RFC 1122, 4.1.3.3 (ICMP y UDP); Stevens, Fenner y Rudoff, UNIX Network Programming, volumen 1, 8.9 «Server Not Running» y 8.11 «connect Function with UDP».

## stream

lesson-stream = ¿cuántos recv hacen falta para un send?
# $times (number) - cuántas veces se mide cada fila
# $segment (number) - cuántos bytes tiene un segmento como mucho
lesson-stream-setup = Un programa se conecta por TCP y llama a send una o diez veces con entre 1 y 100.000 bytes; otro programa los recibe todos. Los dos están en este equipo, con segmentos de { $segment } bytes como en una Ethernet, donde el sistema permite decirlo. Contamos sus llamadas a recv. Pide hasta 262144 bytes cada vez, más que todos los envíos juntos, y en una fila 1024, como muchos programas; lee de inmediato o más tarde, cuando ya se ha enviado todo. Cada fila se mide { $times } veces, cada vez con una conexión nueva.
lesson-stream-question = ¿Llega cada send como un solo recv?
lesson-stream-neither = sí: un send es un recv
lesson-stream-split = no: un send puede necesitar varios recv; pero dos send nunca llegan en uno
lesson-stream-merged = no: varios send pueden llegar en un recv; pero un send nunca necesita dos
lesson-stream-both = no: pasan las dos cosas
lesson-stream-sends = send
lesson-stream-bytes = bytes cada uno
lesson-stream-room = recv de
lesson-stream-reads = lee
lesson-stream-at-once = de inmediato
lesson-stream-later = más tarde
lesson-stream-least = recv: mínimo
lesson-stream-median = mediana
lesson-stream-most = máximo
lesson-stream-rule = Un send se parte donde una fila tiene más recv que send, y varios se juntan donde tiene menos, al menos una vez. «Recv de» es cuántos bytes pide el receptor.
lesson-stream-why = TCP transporta un flujo: conserva los bytes y su orden, y nada de las llamadas que los escribieron. send copia sus bytes en el búfer del socket emisor y vuelve; TCP corta ese búfer en segmentos según lo permiten el camino, la ventana del receptor y el algoritmo de Nagle, y recv devuelve lo que haya llegado, hasta el tamaño de su búfer. Por eso un send largo llega en trozos cuando quien lee es tan rápido como la red, y varios send cortos llegan juntos cuando no lo es. Una prueba en un solo equipo con mensajes cortos ve a menudo un recv por cada send, y por eso los programas que cuentan con ello funcionan en casa y fallan en la práctica. Dónde acaba un mensaje tiene que estar en los bytes: un salto de línea (capitals), una longitud delante o el fin de la conexión (welcome). UDP es distinto: un sendto es un datagrama y es un recvfrom.
lesson-stream-source = Fuentes: RFC 9293 (TCP), 2.2 y 3.7.4 (Nagle); Stevens, Fenner y Rudoff, UNIX Network Programming, volumen 1, 2.11 «Buffer Sizes and Limitations» y 3.9 «readn, writen, and readline Functions».

## ports

lesson-ports = ¿por qué cada conexión viene de un puerto nuevo?
# $times (number) - cuántas veces
lesson-ports-setup = El cliente welcome de la práctica se conecta a un mismo servidor { $times } veces, una tras otra. De cada conexión el servidor dice de qué puerto viene. Lo mismo se hace con clientes que cierran antes que su servidor, y con datagramas de un único socket UDP.
lesson-ports-question = ¿Cuántos puertos de cliente distintos ve el servidor welcome?
lesson-ports-who = qué se hizo
lesson-ports-seen = puertos que vio el servidor
lesson-ports-different = distintos
lesson-ports-at-server = espera en servidor
lesson-ports-at-client = espera en cliente
lesson-ports-server-ends = welcome: cierra antes el servidor
lesson-ports-client-ends = TCP: cierra antes el cliente
lesson-ports-one-socket = UDP: envía un solo socket
# $seconds (text) - cuánto les queda por esperar
lesson-ports-columns = «Espera»: cuántas de las conexiones están en TIME_WAIT cuando ya han cerrado los dos extremos, en el puerto del servidor o en el del cliente, según la lista de /proc/net/tcp. Esta dice que seguirán ahí otros { $seconds } s.
lesson-ports-no-list = Este sistema no tiene /proc/net/tcp, así que no se ha medido dónde esperan las conexiones en TIME_WAIT.
# $from (text) - el primer puerto
# $to (text) - el último puerto
lesson-ports-range = Este sistema toma los puertos de los clientes que no piden ninguno del { $from } al { $to }.
lesson-ports-granted = concedido
# $plain (text) - lo que respondió el sistema
# $reusing (text) - lo que respondió con la opción
# $client (text) - lo que respondió sobre el puerto de un cliente
lesson-ports-taken = Después se volvieron a pedir los puertos. El del servidor, cuando ya había parado: { $plain }; el mismo con SO_REUSEADDR: { $reusing }. El de un cliente que había cerrado antes: { $client }.
lesson-ports-why = Una conexión se conoce por sus dos extremos: la dirección y el puerto de cada uno. El extremo del servidor es el mismo para todas, y también la dirección del cliente; solo el puerto del cliente las puede distinguir. Por eso connect, en un socket que no se ha asociado a ninguno, toma un puerto libre para esta conexión. El puerto es del socket y no del programa: un socket UDP recibe uno con su primer datagrama y lo conserva, por mucho que envíe. Cuando acaba una conexión TCP, el extremo que cerró antes la mantiene en TIME_WAIT durante el doble de la vida máxima de un segmento, para que un segmento tardío no se tome por uno de otra conexión con los mismos extremos y para poder repetir un último acuse de recibo perdido. Por eso un puerto puede seguir ocupado cuando su programa ya no está, y por eso los servidores activan SO_REUSEADDR antes de bind.
lesson-ports-source = Fuentes: RFC 9293 (TCP), 3.3.2 y 3.6; RFC 6056 (cómo se eligen los puertos de cliente); RFC 6335, 6 (cuáles están previstos para ello); Stevens, Fenner y Rudoff, UNIX Network Programming, volumen 1, 2.7 «TIME_WAIT State», 2.9 «Port Numbers» y 7.5 sobre SO_REUSEADDR.

## spin

lesson-spin = ¿qué gasta un servidor que no tiene nada que hacer?
# $seconds (number) - cuánto tiempo se les deja en paz
lesson-spin-setup = Tres servidores echo esperan durante { $seconds } s un datagrama que no llega: uno pregunta a su socket una y otra vez con una llamada que no bloquea (nonblocking), otro duerme en select y otro en el poll de mio (epoll en Linux). Miramos cuánta CPU gasta cada uno mientras tanto y cuántas llamadas hace. Después un cliente le hace preguntas a cada uno, una tras otra.
lesson-spin-question = ¿Cuáles de los servidores gastan CPU mientras no tienen nada que hacer?
lesson-spin-none = ninguno: no hay nada que hacer
lesson-spin-one = solo nonblocking
lesson-spin-two = nonblocking y select
lesson-spin-all = los tres: todos tienen que mirar si ha llegado algo
lesson-spin-cpu = ocioso: % CPU
lesson-spin-calls = ocioso: llamadas
lesson-spin-rule = Un servidor gasta CPU si ha tomado al menos el 10 % del tiempo de un núcleo. «Llamadas» son las que hizo el programa en ese tiempo; las últimas contestan a la pregunta que pidió las cifras. Los tiempos de respuesta son de un cliente con una pregunta cada vez.
lesson-spin-why = Una llamada que no bloquea vuelve de inmediato y dice que no ha llegado nada, así que el programa que quiera saberlo tiene que preguntar otra vez: gasta un núcleo entero, haya o no algo que hacer, y su parte es menor solo donde otros le han quitado el núcleo. select y epoll son llamadas que duermen: el sistema retira el hilo del núcleo y lo devuelve cuando ha llegado algo, así que un servidor ocioso no gasta nada. Lo que se compra dando vueltas es el tiempo de despertar: nadie tiene que devolver el hilo a un núcleo, que en un solo equipo es casi todo lo que espera un cliente único. Por eso dan vueltas los sistemas de bolsa y los procesadores de paquetes, en núcleos que no tienen para otra cosa, y por eso no debe hacerlo el servidor de un portátil.
lesson-spin-source = Fuente: Stevens, Fenner y Rudoff, UNIX Network Programming, volumen 1, 6.2 «I/O Models» (figura 6.2: preguntar así «is often a waste of CPU time») y capítulo 16 «Nonblocking I/O».

## select

lesson-select = ¿qué cuesta una espera que vigila sockets callados?
# $first (number) - cuántas conexiones hay ociosas al principio
# $last (number) - cuántas hay ociosas al final
lesson-select-setup = Un servidor capitals de un solo hilo espera a todas sus conexiones en una llamada: en select, en poll o en el poll de mio (epoll en Linux). De { $first } a { $last } clientes se conectan y no dicen nada; uno más habla, línea a línea. Miramos cuánta CPU gasta el servidor por cada espera, con la línea que recibe y contesta después de ella.
# $first (number) - cuántas conexiones hay ociosas al principio
# $last (number) - cuántas hay ociosas al final
lesson-select-question = ¿Cuántas veces más CPU gasta una espera en select con { $last } conexiones ociosas que con { $first }?
lesson-select-here = CPU µs aquí
lesson-select-times = veces
lesson-select-columns = «CPU µs aquí» es la CPU del servidor por cada espera, con lo que hace antes de la siguiente; «veces» es la de la fila como múltiplo de la primera de su modelo. Kerrisk midió 100.000 esperas en Linux 2.6.25, cada una con un descriptor listo entre tantos; sus segundos están divididos por 100.000.
lesson-select-why = select y poll no guardan nada entre dos llamadas. Cada vez, el programa entrega todo lo que vigila, el núcleo pregunta a cada uno de esos sockets si tiene algo, apunta al hilo en la cola de cada uno antes de dormir y lo quita de todas al despertar, y el programa busca en la respuesta el que está listo. Por eso el coste crece con los sockets ociosos. epoll guarda la lista en el núcleo: epoll_ctl apunta un socket una vez, el que pasa a estar listo se pone en una lista aparte, y esa lista es todo lo que mira epoll_wait. Por eso su coste crece con los sockets que están listos. Una espera es solo una parte de lo que cuesta una respuesta, así que aquí el cociente es menor que en un programa que no hace otra cosa. Además, en select solo caben números de descriptor menores que 1.024, que es donde acaba esta lección.
lesson-select-source = Fuentes: Michael Kerrisk, The Linux Programming Interface, 63.4.5 «Performance of epoll Versus I/O Multiplexing», tabla 63-9; Banga, Mogul y Druschel, «A Scalable and Explicit Event Delivery Mechanism for UNIX» (USENIX 1999); Stevens, Fenner y Rudoff, UNIX Network Programming, volumen 1, 6.3 «select Function».

## head-of-line

lesson-head-of-line = ¿a quién retrasa un cliente lento?
# $seconds (number) - cuánto tarda el cliente lento
# $rate (number) - cuántos más por segundo
lesson-head-of-line-setup = Un servidor submit espera los bytes de quien está conectado. Un cliente envía su entrega byte a byte y tarda { $seconds } s en hacerlo; desde entonces otros entregan mensajes enteros, { $rate } por segundo, se haya respondido o no a los anteriores. Esto se hace con tres servidores: uno iterativo, que atiende a un cliente tras otro (blocking-iterative), uno con un hilo por conexión (blocking) y un bucle de eventos de un solo hilo (mio).
lesson-head-of-line-question = ¿En cuáles de los servidores esperan los demás al cliente lento?
lesson-head-of-line-none = en ninguno
lesson-head-of-line-iterative = solo en el iterativo
lesson-head-of-line-one-thread = en los dos de un solo hilo: el iterativo y el bucle
lesson-head-of-line-all = en los tres
lesson-slow-client = lento ms
lesson-others = demás atendidos
lesson-head-of-line-rule = Los tiempos son los de los demás, desde que a una entrega le tocaba salir hasta su respuesta. Se considera que esperan al lento donde su p99 es al menos la mitad de lo que el cliente lento quería tardar.
lesson-head-of-line-why = El servidor iterativo está bloqueado en recv con el cliente lento, así que quien llega mientras tanto espera en la cola de conexiones pendientes: el sistema ya ha hecho su conexión, pero el programa no la ha aceptado. Con un hilo por conexión hay un hilo bloqueado el mismo tiempo, pero nadie más lo necesita. El bucle también tiene un solo hilo y, sin embargo, nadie espera: nunca se bloquea por un cliente, sino en un único poll por todos, y lee lo que ha llegado. Lo que retrasa a los demás es dónde se bloquea un programa, no cuántos hilos tiene. Un bucle también los retrasa si calcula mucho rato o llama a algo que bloquea.
lesson-head-of-line-source = Fuente: Stevens, Fenner y Rudoff, UNIX Network Programming, volumen 1, capítulo 30 «Client/Server Design Alternatives» (el servidor iterativo y los que le siguen) y 6.2 «I/O Models».

## slow-request

lesson-slow-request = ¿a quién retrasa un trabajo que bloquea el hilo del servidor?
# $milliseconds (number) - cuánto tarda el trabajo
# $rate (number) - cuántos más por segundo
lesson-slow-request-setup = Algunas peticiones a un servidor capitals tardan { $milliseconds } ms: el hilo que las atiende duerme ese tiempo, como lo haría en una consulta a una base de datos. Un cliente envía peticiones así, una tras otra. Mientras tanto llegan otros, { $rate } por segundo, se haya respondido o no a los anteriores. Esto se hace con un servidor con un hilo por conexión (blocking), con uno con una tarea por conexión (tokio) y con bucles de eventos de un solo hilo: mio, y uring con sus operaciones terminadas. Cada servidor tiene un núcleo, si el sistema puede fijarlo a uno.
lesson-slow-request-question = ¿En cuáles de los servidores esperan los demás a la petición lenta?
lesson-slow-request-none = en ninguno: es trabajo de una sola conexión
lesson-slow-request-loops = solo en los bucles de eventos: mio y uring
lesson-slow-request-tasks = en los bucles de eventos y en tokio
lesson-slow-request-all = en todos: tienen un solo núcleo
lesson-slow-request-slow = lenta ms
lesson-slow-request-rule = «Lenta» es cuánto tardó una petición lenta, la mediana. Los demás tiempos son desde que a una visita de los demás le tocaba salir hasta su respuesta. Se considera que esperan donde su p50 es al menos la cuarta parte del trabajo lento.
lesson-slow-request-why = Un hilo que duerme en una petición no hace otra cosa. Con un hilo por conexión el sistema tiene otros que ejecutar, incluso en un solo núcleo, porque dormir no gasta nada de él. En un bucle de eventos todas las conexiones comparten el único hilo, así que esperan todas; que el propio bucle no se bloquee nunca no ayuda, porque lo que bloquea es el trabajo. Con operaciones terminadas es igual: la recepción puede estar hecha, pero el hilo que debería enterarse duerme. Las tareas parecen hilos y no lo son: await devuelve el hilo, y una llamada que bloquea se lo queda, con todas las tareas que se habrían ejecutado en él. Con más hilos de trabajo los otros siguen, hasta que cada uno tenga una llamada así. Por eso un bucle o una tarea entrega ese trabajo a hilos reservados para ello (spawn_blocking de tokio, un grupo de hilos) o usa un cliente de la base de datos que haga await. En la lección head-of-line el lento era el cliente, y ningún bucle lo esperaba.
lesson-slow-request-source = Fuentes: Pai, Druschel y Zwaenepoel, «Flash: An Efficient and Portable Web Server» (USENIX 1999), que daba ese trabajo a ayudantes; la documentación de tokio, «CPU-bound tasks and blocking code», y la de Node.js, «Don't Block the Event Loop (or the Worker Pool)».

## c10k

lesson-c10k = ¿qué cuestan las conexiones que están ahí y no dicen nada?
# $count (number) - cuántas conexiones como mucho
lesson-c10k-setup = Unos clientes se conectan a un servidor submit y no dicen nada: hasta { $count }, por pasos. En cada paso miramos la memoria y los hilos del servidor, y cuánto espera un cliente más la respuesta a su entrega. Esto se hace con un servidor con un hilo por conexión (blocking), con servidores con una tarea por conexión (async-std, tokio) y con un bucle de eventos (mio).
lesson-c10k-question = ¿Cuántas veces más memoria del servidor ocupa una conexión ociosa con un hilo por conexión (blocking) que en el bucle de eventos (mio)?
# $model (text) - el modelo de E/S
# $count (number) - cuántas conexiones
lesson-c10k-step = { $model }, { $count } ociosas
lesson-idle = ociosas
lesson-threads = hilos
lesson-memory = memoria KiB
lesson-each = KiB cada una
# $rate (number) - cuántas veces por segundo entrega uno más
lesson-c10k-columns = «Memoria» es la memoria residente del proceso del servidor; lo que guarda el núcleo para sockets e hilos no está en ella. «KiB cada una» es lo que ha crecido desde el primer paso, por cada conexión añadida desde entonces. p50 y p99 son de un cliente más, que entrega { $rate } veces por segundo.
lesson-c10k-too-few = Con tan pocas conexiones, la memoria del bucle único no crece ni una página: sin --quick hay más.
lesson-c10k-why = Una conexión que espera necesita un sitio donde guardar su estado. Un hilo bloqueado lo guarda en una pila propia, de la que al menos algunas páginas están en memoria, y el núcleo guarda además otra pila y una entrada de su planificador por cada hilo. Una tarea guarda solo lo que necesita entre dos await, y el bucle solo la máquina de la conexión y su sitio en una tabla. Un hilo o una tarea que espera no gasta CPU, así que un cliente más no tiene por qué notarlo: el poll del sistema (epoll en Linux, kqueue en macOS) habla solo de los sockets en los que ha pasado algo. Sí se nota donde un programa usa select o el poll antiguo, que miran todos los sockets cada vez, o donde se acaban la memoria, los hilos o los descriptores.
lesson-c10k-source = Fuente: Dan Kegel, «The C10K problem», http://www.kegel.com/c10k.html (desde 1999).

## coordinated-omission

lesson-coordinated-omission = ¿qué medida nota que el servidor se paró?
# $stall (number) - cuánto tiempo está parado
# $seconds (number) - cuánto se mide
# $rate (number) - cuántas preguntas por segundo
lesson-coordinated-omission-setup = Se mide un servidor welcome durante { $seconds } s, en los que su proceso se detiene una vez, durante { $stall } s. Primero en bucle cerrado: un cliente se conecta, espera la respuesta y se conecta de nuevo. Después en bucle abierto: { $rate } preguntas por segundo tienen su hora fija, haga lo que haga el servidor, y se hacen con una conexión tras otra; su tiempo de respuesta cuenta desde la hora que le tocaba a la pregunta, su tiempo de servicio desde que se envió.
lesson-coordinated-omission-question = Durante una cuarta parte de ese tiempo los usuarios habrían tenido que esperar. ¿Qué percentil 99 lo muestra: el del bucle cerrado o el del tiempo de respuesta del bucle abierto?
lesson-coordinated-omission-neither = ninguno de los dos
lesson-coordinated-omission-closed = solo el del bucle cerrado
lesson-coordinated-omission-open = solo el del tiempo de respuesta del bucle abierto
lesson-coordinated-omission-both = los dos
lesson-load = carga
lesson-closed-loop = bucle cerrado
lesson-open-loop = bucle abierto
lesson-time = tiempo
lesson-service = servicio
lesson-response = respuesta
lesson-times = respuestas
lesson-slower = % lentas
lesson-coordinated-omission-rule = «Lenta» es una respuesta que tardó más de la mitad de lo que el servidor estuvo parado. Un p99 muestra la parada si es al menos eso.
lesson-no-stall = Este sistema no tiene una señal que detenga un proceso (SIGSTOP), así que la lección no se puede medir aquí.
lesson-coordinated-omission-why = El cliente del bucle cerrado no vuelve a preguntar antes de tener respuesta. Mientras el servidor estuvo parado esperó con una única pregunta, y las muchas que habría hecho en ese tiempo no las hizo. Así que la parada es una respuesta lenta entre todas las rápidas, y apenas la muestra algún percentil salvo el último. Esto es la omisión coordinada: el propio servidor decide cuándo se le mide y deja fuera su peor momento. Los usuarios de verdad no se esperan unos a otros. En el bucle abierto a las preguntas les siguió llegando su hora, y cada una cuenta desde entonces. Su tiempo de servicio, de esas mismas preguntas, vuelve a ocultar la parada: con una sola conexión no se enviaron hasta que llegó su turno. Antes de creer un percentil, pregunte desde cuándo cuentan sus tiempos.
lesson-coordinated-omission-source = Fuente: Gil Tene, «How NOT to Measure Latency» (charla, desde 2013), y el generador de carga wrk2, que nació de ella.

## level-edge

lesson-level-edge = se ha leído la mitad de lo que llegó: ¿qué esperas avisan del resto?
lesson-level-edge-setup = Llegan { $bytes } bytes por una conexión TCP. Un programa espera a que su socket sea legible, lee la mitad y vuelve a esperar, con select, poll, epoll, y epoll con EPOLLET (por flanco, como lo usan mio, tokio y nginx). Después llega un byte más.
lesson-level-edge-question = La mitad está sin leer y no llega nada nuevo: ¿qué esperas vuelven y dicen que el socket es legible?
lesson-level-edge-none = ninguna: ya se dijo una vez
lesson-level-edge-level = solo las que avisan por nivel: select, poll, y epoll sin EPOLLET
lesson-level-edge-edge = solo la que avisa por flanco: epoll con EPOLLET
lesson-level-edge-both = todas: hay algo que leer
lesson-level-edge-wait = espera
lesson-level-edge-kind = avisa por
lesson-level-edge-of-level = nivel
lesson-level-edge-of-edge = flanco
lesson-level-edge-first = avisó de ellos
lesson-level-edge-rest = de la mitad
lesson-level-edge-more = de uno más
lesson-level-edge-unread = sin leer al final
lesson-level-edge-rule = «no»: la espera volvió al agotarse su límite, sin aviso. «Sin leer al final»: los bytes que quedan en el socket.
lesson-level-edge-not-here = Este sistema no tiene epoll, así que aquí no se puede medir la lección.
lesson-level-edge-why = Una espera por nivel pregunta por el presente: ¿hay algo que leer? Lo dice cada vez que se le pregunta, así que un programa puede leer tan poco como quiera; pero no debe preguntar por lo que aún no quiere, o no dormirá nunca. Una espera por flanco avisa de un cambio: han llegado bytes desde la última vez. De lo que ya estaba no vuelve a avisar, así que el programa tiene que leer hasta que la llamada devuelva EWOULDBLOCK, o recordar que no lo ha hecho. Un servidor que lee una línea de dos que llegaron juntas, y espera, no responde a la segunda hasta que el cliente envíe algo más: un cliente que espera esa respuesta espera para siempre. A cambio, el flanco cuesta menos: el programa no tiene que cambiar lo que vigila de cada socket. Aquí epoll-level es de un tipo y mio del otro, y en los dos funcionan los mismos ejercicios.
lesson-level-edge-source = Fuentes: epoll(7), «Level-triggered and edge-triggered», con este mismo ejemplo; Kerrisk, The Linux Programming Interface, 63.1.1; Banga, Mogul y Druschel, «A Scalable and Explicit Event Delivery Mechanism for UNIX», USENIX 1999.

## fork

lesson-fork = ¿qué cuesta un proceso por conexión?
lesson-fork-setup = El servidor de welcome en los diseños del capítulo 30 de Stevens, en un núcleo si el sistema puede fijarlos a uno: una conexión tras otra; un hilo por conexión; un número fijo de hilos; un proceso por conexión, arrancado con la conexión como entrada estándar; un número fijo de procesos que han heredado el socket de escucha. Se conectan { $clients } clientes a la vez, { $count } veces en total. Se suma el tiempo de CPU del servidor y de todos sus hijos.
lesson-fork-question = ¿Cuántas veces el tiempo de CPU de un hilo por conexión gasta un proceso por conexión?
lesson-fork-design = diseño
lesson-fork-cpu = CPU µs/conexión
lesson-fork-control = menos iterativo
lesson-fork-book = UNP s
lesson-fork-exec = arrancar un programa
lesson-fork-columns = «Menos iterativo»: lo que el diseño añade a un servidor que no gestiona procesos. «UNP s»: lo mismo en el libro, en segundos para 2500 conexiones, de programas que hacen fork sin exec. «Arrancar un programa»: un proceso que se arranca de la misma manera y termina en el acto.
lesson-fork-not-here = Los diseños con procesos son para Linux, así que aquí no se puede medir la lección.
lesson-fork-why = fork copia las tablas que dicen qué memoria tiene un proceso, y cada página que después escriba uno de los dos; exec las tira y carga un programa: se proyecta su fichero, se enlazan sus bibliotecas y se ejecuta su código de arranque. Aquí eso es casi todo lo que cuesta un proceso por conexión, como muestra la última fila. Un hilo comparte la memoria de su proceso, así que necesita una pila, una entrada en el planificador y poco más. Quien arranca antes los procesos o los hilos no paga por conexión más que el reparto: en el libro, una décima parte de un fork por cliente, o menos. Lo que se compra con un proceso es que las conexiones no comparten nada: la que falla, pierde memoria o es atacada está sola, y puede tener menos permisos que el servidor. Por eso OpenSSH y PostgreSQL arrancan un proceso por conexión, y sus conexiones viven mucho.
lesson-fork-source = Fuentes: Stevens, Fenner y Rudoff, UNIX Network Programming, volumen 1, 3.ª edición, capítulo 30, con la figura 30.1 y el apartado 30.13; fork(2), execve(2).

## batching

lesson-batching = ¿cuántas llamadas al sistema cuesta una respuesta?
lesson-batching-setup = Un servidor de echo recibe datagramas de 32 bytes y responde a cada uno. Primero llegan de uno en uno, cada uno tras la respuesta al anterior; después, { $count } a la vez del mismo cliente, que los envía con una sola llamada. El servidor es blocking, que recibe y envía un datagrama con cada llamada, y luego blocking-batched y mio-batched, que hacen que Linux junte lo que llega (GRO) y divida lo que se envía (GSO).
lesson-batching-question = ¿Cuántas llamadas al sistema hace blocking-batched sobre su socket por cada respuesta cuando los datagramas llegan juntos? (blocking hace 2: una recibe y otra envía.)
lesson-batching-come = a la vez
lesson-batching-replies = respuestas
lesson-batching-receives = recibir
lesson-batching-sends = enviar
lesson-batching-each = por respuesta
lesson-batching-cpu = CPU µs
lesson-batching-rule = «Por respuesta»: las llamadas que reciben y envían por cada respuesta, también las que no encontraron nada; la espera a que haya algo no se cuenta.
lesson-batching-not-here = Este sistema no tiene ni GRO ni GSO, así que aquí todos los servidores hacen llamadas corrientes.
lesson-batching-why = Una llamada al sistema es un recorrido: entrar en el núcleo, atravesar el socket, UDP, IP, la cola del dispositivo, y subir por el otro lado. En un datagrama pequeño el recorrido cuesta muchas veces lo que cuesta copiar sus bytes, y es el mismo para todos los datagramas del mismo par. Con GSO el programa entrega varios datagramas en un solo búfer y dice cuánto mide cada uno; el núcleo hace un recorrido, y el búfer se corta al final, en la tarjeta de red si sabe. Con GRO el lado que recibe los vuelve a juntar, y un solo recvmsg se lleva todos. recvmmsg y sendmmsg ahorran solo la entrada en el núcleo: el recorrido se hace igualmente por cada datagrama, así que ganan poco. Agrupar ayuda a quien envía muchos datagramas a un mismo par: QUIC vive de ello. No sirve de nada para quien hace una pregunta y espera, como muestran las filas de uno en uno.
lesson-batching-source = Fuentes: udp(7), UDP_SEGMENT y UDP_GRO; de Bruijn y Dumazet, «Optimizing UDP for content delivery: GSO, pacing and zerocopy», Linux Plumbers Conference 2018; RFC 9000 (QUIC).
