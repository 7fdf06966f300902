### `socklab timeline`, en español.
###
### Los tiempos llegan como texto, con su unidad donde el mensaje no la dice. Las figuras son las de Stevens, Fenner y Rudoff,
### UNIX Network Programming, vol. 1, 3.ª ed., sección 6.2.

help-timeline = Mide un pequeño intercambio (dos clientes, uno de ellos lento) en cada modelo de E/S y dibuja quién espera y dónde.
help-timeline-examples = socklab timeline echo ; socklab timeline submit --models blocking,mio ; socklab timeline welcome --format svg --output welcome.svg ; socklab timeline chat --format mermaid ; socklab timeline echo --format chrome --output echo.json
help-arg-timeline-exercise = El ejercicio
help-arg-timeline-models = Qué modelos, separados por comas (si no, uno de cada clase)
help-arg-timeline-format = text para el terminal; mermaid: diagramas de secuencia en Markdown; svg: una imagen; chrome: una traza que se abre en ui.perfetto.dev. Sin ella, lo que indique la extensión de --output (.md, .svg, .json), o text
help-arg-timeline-output = Escribe en FICHERO en lugar de en la salida estándar (un fichero que ya existe solo se reemplaza si lo escribió esta opción)
help-arg-timeline-ascii = Dibuja las calles en ASCII
help-arg-timeline-slide = Todos los modelos en un mismo eje de tiempo, una línea cada uno: la primera pregunta del cliente que no es lento, como la ve cada servidor

## Títulos y notas

# $exercise (text) - su nombre
# $model (text) - el nombre del modelo de E/S
# $length (text) - cuánto duró el intercambio, con su unidad
timeline-title = { $exercise } con { $model }, { $length }
timeline-style-threads = Hilos: cada uno duerme dentro de la propia llamada que recibe o acepta (E/S bloqueante, figura 6.1).
timeline-style-loop = Bucle de eventos: un hilo duerme en un poll por todos sus sockets a la vez (multiplexación de E/S, figura 6.3), y sus llamadas sobre los sockets nunca bloquean (figura 6.2).
timeline-style-executor = Tareas: la que tiene que esperar queda suspendida y no ocupa ningún hilo; el reactor del ejecutor hace poll por todas, sin que se vea (multiplexación de E/S, figura 6.3).
timeline-style-spin = Sondeo continuo: un hilo pregunta a cada socket una y otra vez y no duerme nunca (E/S no bloqueante, figura 6.2). Las llamadas que no encontraron nada se dibujan como una.
timeline-style-signal = Dirigida por señales: un hilo duerme hasta que la señal del núcleo dice que ha llegado algo, y entonces recibe hasta que no queda nada (figura 6.4).
timeline-style-completion = Finalizaciones: se pidió antes al núcleo que recibiera y enviara; el hilo duerme hasta que algo de eso está hecho, y lo recibido está ya en su memoria cuando se le avisa (E/S asíncrona, figura 6.5).
# $from (text) - dónde empieza, en ms
# $to (text) - dónde termina, en ms
# $column (text) - cuánto representa una letra, con su unidad
timeline-whole = el intercambio entero, de { $from } a { $to } ms, { $column } por letra
# $from (text) - dónde empieza, en ms
# $to (text) - dónde termina, en ms
# $column (text) - cuánto representa una letra, con su unidad
timeline-closer = más de cerca, de { $from } a { $to } ms, { $column } por letra
# $from (text) - dónde empieza, en ms
# $to (text) - dónde termina, en ms
timeline-panel-whole = el intercambio entero, de { $from } a { $to } ms
# $from (text) - dónde empieza, en ms
# $to (text) - dónde termina, en ms
# $times (text) - cuántas veces más grande se dibuja
timeline-panel-closer = más de cerca, de { $from } a { $to } ms, { $times } veces más grande
# $exercise (text) - su nombre
# $before (text) - cuánto antes de la pregunta empieza cada línea, con su unidad
# $column (text) - cuánto representa una letra, con su unidad
timeline-slide = { $exercise }: una pregunta en cada modelo, como la ve su servidor, en un mismo eje de tiempo. Cada línea empieza { $before } antes de que el cliente pregunte; { $column } por letra. El número es la figura del modelo.
timeline-where = en qué se le fue el tiempo al servidor:
# $class (text) - lo que hizo
# $percent (text) - su parte del total
# $took (text) - cuánto en total, con su unidad
timeline-share = { $percent } % { $class } ({ $took })
timeline-note-stamped = Una recepción que bloqueó se parte en dos en el momento en que el núcleo tuvo el datagrama, según la marca de tiempo del propio núcleo: antes de él el programa esperaba; después fue despertado y se copiaron los bytes. Todo lo demás se mide antes y después de cada llamada.
timeline-note-unsplit = Aquí el núcleo no dice cuándo tuvo los bytes, así que una recepción que bloqueó queda de una pieza: esperó y después copió. Todo se mide antes y después de cada llamada; lo que espera en el núcleo se cuenta desde que vuelve la llamada de quien envía.
timeline-note-figures = Figuras: Stevens, Fenner, Rudoff, UNIX Network Programming, vol. 1, 3.ª ed., sección 6.2.
timeline-column-number = n.º
timeline-column-start = en ms
timeline-column-took = duró ms
timeline-column-lane = calle
timeline-column-figure = figura y qué fue

## Bandas

# $number (number) - qué cliente
timeline-lane-client = cliente { $number }
# $number (number) - qué cliente
timeline-lane-slow-client = cliente { $number } (lento)
timeline-lane-kernel = núcleo
timeline-lane-main = principal
# $number (number) - qué hilo
timeline-lane-thread = hilo { $number }
timeline-lane-main-task = tarea principal
# $number (number) - de qué conexión
timeline-lane-task = tarea { $number }

## Lo que se dibuja igual

timeline-class-copy = despierta y mueve bytes o una conexión
timeline-class-code = su propio código, entre dos llamadas
timeline-class-blocked = bloqueado en una llamada
# $call (text) - cuál
timeline-blocked-in = bloqueado en { $call }
timeline-call-poll = poll
timeline-call-signal = sigtimedwait
timeline-call-completion = io_uring_enter
timeline-call-thread = la espera de otro hilo
timeline-class-suspended = suspendida
timeline-class-empty = pregunta y no hay nada
timeline-class-kernel = espera en el núcleo
timeline-class-pause = pausa de un cliente lento

## Operaciones

timeline-operation-open = abrir
timeline-operation-connect = conectar
timeline-operation-accept = aceptar
timeline-operation-receive = recibir
timeline-operation-send = enviar
timeline-operation-wait = esperar
timeline-operation-wake = despertar
timeline-operation-shutdown = cerrar la escritura
timeline-operation-close = cerrar

## Qué fue cada tramo

# $operation (text) - su nombre
timeline-what-wait = { $operation }: duerme en la llamada, a la espera de datos
# $operation (text) - su nombre
# $bytes (number) - cuántos
timeline-what-copy = { $operation }: despierta, y { $bytes } B se copian del núcleo
# $operation (text) - su nombre
# $bytes (number) - cuántos
timeline-what-send = { $operation }: { $bytes } B se copian al núcleo
# $operation (text) - su nombre
timeline-what-end = { $operation }: el flujo ha terminado
# $operation (text) - su nombre
# $bytes (number) - cuántos
timeline-what-call = { $operation }: { $bytes } B, espera y copia de una pieza
# $operation (text) - su nombre
timeline-what-accept = { $operation }: duerme en la llamada hasta que haya una conexión
# $operation (text) - su nombre
timeline-what-connect = { $operation }: espera la conexión
# $operation (text) - su nombre
timeline-what-accepted = { $operation }: toma una conexión que ya está ahí
# $operation (text) - su nombre
# $bytes (number) - cuántos
timeline-what-taken = { $operation }: { $bytes } B ya están ahí y se copian
# $operation (text) - su nombre
timeline-what-done = { $operation }: hecho
# $operation (text) - su nombre
timeline-what-expired = { $operation }: esperó hasta que se acabó su plazo
# $operation (text) - su nombre
timeline-what-empty = { $operation }: no hay nada, vuelve en seguida
# $operation (text) - su nombre
# $times (number) - cuántas veces
timeline-what-spin = { $operation }: pregunta { $times } veces y no encuentra nada
timeline-what-signal = duerme hasta que el núcleo envía SIGIO
timeline-what-completion = duerme hasta que el núcleo ha hecho algo de lo que se le pidió
# $operation (text) - su nombre
# $bytes (number) - cuántos
timeline-what-completed = { $operation }: se le avisa de que { $bytes } B están ya en la memoria del programa
# $operation (text) - su nombre
# $bytes (number) - cuántos
timeline-what-asked = { $operation }: se pide al núcleo que envíe { $bytes } B
timeline-what-poll = poll: espera hasta que algún socket tenga algo
timeline-what-suspended = suspendida: el poll del reactor espera por ella
timeline-what-thread = duerme hasta que otro hilo tenga algo
timeline-until-line = , y es la línea del usuario
timeline-until-decision = , y es la decisión del registro
# $operation (text) - su nombre
timeline-what-failed = { $operation }: falló
timeline-what-pause = no hace nada, a propósito
timeline-what-backlog = una conexión espera a ser aceptada
# $bytes (number) - cuántos
timeline-what-passed = { $bytes } B se toman antes de que vuelva la llamada de quien envía
# $bytes (number) - cuántos
timeline-what-to-server = { $bytes } B esperan en el socket del servidor
# $bytes (number) - cuántos
timeline-what-to-client = { $bytes } B esperan en el socket del cliente
# $number (number) - qué hilo
timeline-on-thread = en el hilo { $number }
timeline-before = había empezado antes
timeline-after = continúa
