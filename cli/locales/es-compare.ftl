### `socklab compare`, en español.

## El servidor que se mide

help-measured-server = Un servidor en un proceso propio, para que este programa lo mida.
help-measured-server-examples = socklab measured-server {"{"}"exercise":"echo","runtime":"mio"{"}"}
help-arg-order = Qué servir y cómo, en JSON

## Números y nombres

# El signo de los decimales y el que separa los millares (un espacio que no parte la línea).
compare-thousands = { "\u00A0" }
# $name (text) - un nombre que ha elegido otro
compare-name = { $name }

## Cargas, magnitudes, columnas

# $connections (number) - cuántos clientes hay a la vez
compare-load-closed = { $connections ->
    [one] { $connections } conexión
   *[other] { $connections } conexiones
}
# $connections (number) - cuántos clientes se turnan
# $rate (text) - cuántas preguntas hacen por segundo
compare-load-open = { $connections ->
    [one] { $connections } conexión a { $rate }/s
   *[other] { $connections } conexiones a { $rate }/s
}
compare-metric-rate = respuestas/s
compare-metric-p50 = p50
compare-metric-p99 = p99
compare-metric-cpu = CPU/respuesta
compare-column-model = modelo
compare-column-relative = relativo
compare-column-relative-p99 = p99 relativo
compare-column-cpu = CPU/resp. usuario + sistema
compare-column-switches = cambios/resp.
compare-column-memory = memoria
# $exercise (text) - el ejercicio
# $load (text) - la carga
compare-table-title = { $exercise }, { $load }
# $baseline (text) - el modelo con el que se comparan los demás
compare-legend = relativo: el centro de los cocientes con { $baseline } dentro de las rondas (no el cociente de dos medianas), ± un intervalo del 95 %; ≈ ninguna diferencia que se sostenga entre tantas comparaciones, ? faltan rondas para decirlo. Los tiempos son de respuesta, los cambios son de contexto y la memoria es la máxima.

## Lo que no se cree

compare-invalid = NO VÁLIDO
compare-invalid-generator-saturated = el generador de carga no daba más de sí mientras el servidor esperaba trabajo
compare-invalid-late-schedule = el generador de carga envió tarde sus preguntas
compare-invalid-out-of-ports = el generador de carga se quedó sin puertos
compare-invalid-wrong-replies = algunas respuestas eran incorrectas
compare-invalid-too-few-samples = hubo muy pocas respuestas para calcularlo
compare-invalid-not-steady = el ritmo no llegó a estabilizarse a tiempo
compare-invalid-server-gone = el servidor terminó o no dijo qué había consumido
# $reason (text) - por qué no cuenta una ronda
# $rounds (number) - en cuántas rondas ocurrió
compare-note-reason = { $reason } ({ $rounds ->
    [one] { $rounds } ronda
   *[other] { $rounds } rondas
})
# $valid (number) - cuántas rondas cuentan
# $trials (number) - cuántas hubo
# $reasons (text) - por qué no cuentan las otras
compare-note-rounds = cuentan { $valid } de { $trials } rondas: { $reasons }
# $reason (text) - por qué no se muestra un percentil
compare-note-left-out = no se muestra: { $reason }

## Lo que resta valor a las cifras

compare-caution-shared-core = el servidor y el generador de carga compartían un núcleo
compare-caution-virtual-machine = esto es una máquina virtual, cuyos vecinos no se ven
compare-caution-governor = la frecuencia de la CPU no estaba fijada
compare-caution-unpinned = los programas no estaban fijados a sus núcleos
compare-caution-debug-build = es un programa compilado para depurar
compare-caution-register-in-memory = el registro estaba en memoria, donde un sync no cuesta nada
compare-caution-load-elsewhere = había otros programas en marcha

## La lectura

# $exercise (text) - el ejercicio
# $models (text) - los modelos
# $rounds (number) - cuántas veces se midió cada uno
compare-reading-what = { $exercise } en { $models }: { $rounds ->
    [one] { $rounds } ronda
   *[other] { $rounds } rondas
} con cada carga, en orden aleatorio y con todas las respuestas comprobadas.
# $models (text) - los modelos
compare-reading-refused = Rechazado, por no hacer lo que pide el ejercicio: { $models }.
# $load (text) - la carga
# $model (text) - el modelo
# $rate (text) - sus respuestas por segundo
compare-reading-alone = Con { $load }, { $model } da { $rate } respuestas/s.
# $time (text) - su percentil 99
compare-reading-alone-p99 = Con { $load }, { $model } contesta el 99 % de las preguntas en { $time } o menos.
# $load (text) - la carga
# $models (text) - los mejores, $count: el mejor y los que no se distinguen de él
# $figure (text) - la mejor cifra
# $others (text) - los peores, cada uno con cuántas veces es su cifra
compare-reading-differ-rate = Con { $load }, { $models } { $count ->
    [one] es el que más atiende
   *[other] son los que más atienden
}, { $figure }; { $others }.
compare-reading-differ-p99 = Con { $load }, { $models } { $count ->
    [one] tiene
   *[other] tienen
} la cola más corta, el 99 % en { $figure }; { $others }.
compare-reading-differ-cpu = Con { $load }, una respuesta cuesta menos a { $models }, { $figure } de CPU; { $others }.
# $model (text) - uno que es peor
# $ratio, $low, $high (text) - su cifra, en veces la mejor, y su intervalo del 95 %
compare-reading-times = { $model }, { $ratio } veces eso (de { $low } a { $high })
# $most, $high (text) - el que más guarda, en bytes; $least, $low (text) - el que menos
compare-reading-idle = Una conexión inactiva guarda { $high } bytes en { $most } y { $low } en { $least }.
# $rates (text) - cada modelo con su ritmo
compare-reading-knees = El ritmo más alto que se mantiene, en preguntas/s: { $rates }.
# $models (texto) - cada modelo, y por qué
compare-reading-knees-unknown = No se sabe si se mantienen ritmos más altos: { $models }.
# $rounds (number) - cuántas
compare-reading-too-few = Hay muy pocas rondas para nombrar una diferencia: { $rounds }.
# $places (text) - métricas con sus cargas
compare-reading-equal = Ninguna diferencia detectable, lo que no prueba que no la haya: { $places }.
# $places (text) - modelos con sus cargas
compare-reading-two-speeds = { $model } tiene dos velocidades con { $load }: { $slow } respuestas/s en el { $part } de las porciones y { $fast } en el { $rest }; una cifra intermedia no es ninguna de las dos.
compare-reading-bounds = El generador de carga fue el límite de { $places }: esos ritmos son lo mínimo que pueden (≥) y esos tiempos, lo máximo (≤); compare su tiempo de CPU.
# $percent (text) - la mitad del intervalo de predicción de la proporción del medio
compare-reading-rule = Una diferencia se nombra si es segura entre todas estas comparaciones juntas y otra medida también la hallaría, con un 95 %: por debajo de un { $percent }, más o menos, ninguna se habría visto.
# $count (text) - cuántas preguntas
# $share (text) - qué parte del total
# $places (text) - modelos con sus cargas
compare-reading-lost = Quedaron sin respuesta { $count } preguntas ({ $share }): { $places }; cada una cuenta con todo su tiempo de espera.
# $places (text) - modelos con sus cargas
# $reason (text) - por qué
compare-reading-invalid = No es de fiar: { $places }, porque { $reason }.
compare-reading-limits = Todo esto vale para esta máquina, este ejercicio y estas cargas, en una red que no sale de la máquina; en otra parte las proporciones pueden ser otras, y las cifras absolutas lo serán.
compare-reading-limits-network = Todo esto vale para estas máquinas, la red entre ellas, este ejercicio y estas cargas; en otra parte las proporciones pueden ser otras, y las cifras absolutas lo serán.
compare-reading-closed = Cuando cada conexión espera su respuesta antes de volver a preguntar, a un servidor lento se le pregunta menos: esos tiempos de respuesta no prometen nada a clientes que llegan cuando quieren.
# $cautions (text) - lo que resta valor a las cifras
compare-reading-cautions = Atención: { $cautions }.

## compare diff

# $facts (text) - en qué difieren, con ambos valores
compare-diff-environment = las máquinas difieren, y solo por eso pueden haber cambiado las cifras absolutas: { $facts }
# $models (text) - los modelos
compare-diff-only-old = solo en la anterior: { $models }
# $models (text) - los modelos
compare-diff-only-new = solo en la nueva: { $models }
# $places (text) - modelos con sus cargas
compare-diff-unbelieved = sin comparar, porque una de las dos no es de fiar: { $places }
# $places (text) - modelos con sus cargas
compare-diff-bounds = sin comparar salvo el tiempo de CPU, porque en una de las dos el límite era el generador de carga: { $places }
# $figures (number) - cuántas
compare-diff-too-few = { $figures ->
    [one] { $figures } cifra tiene
   *[other] { $figures } cifras tienen
} muy pocas rondas para compararse
compare-diff-nothing-compared = no se pudo comparar ninguna cifra
# $compared (number) - cuántas
compare-diff-none = nada ha cambiado más de lo que difieren dos mediciones de los mismos programas ({ $compared ->
    [one] { $compared } cifra comparada
   *[other] { $compared } cifras comparadas
})
# $changed (number) - cuántas han cambiado
# $compared (number) - cuántas se han comparado
compare-diff-some = cambios mayores que lo que difieren dos mediciones de los mismos programas: { $changed } de { $compared ->
    [one] { $compared } cifra
   *[other] { $compared } cifras
}
# $metric (text) - qué se compara
# $baseline (text) - con qué modelo
compare-diff-ratio = { $metric } frente a { $baseline }
compare-diff-column-figure = cifra
compare-diff-column-old = antes
compare-diff-column-new = ahora
compare-diff-column-change = cambio
compare-diff-column-expected = esperado
# $old (text) - el ejercicio de la anterior
# $new (text) - el de la nueva
compare-diff-exercise = no se pueden comparar: la anterior midió { $old } y la nueva { $new }
# $old (text) - las cargas de la anterior
# $new (text) - las de la nueva
compare-diff-loads = no se pueden comparar: sus cargas son distintas (antes: { $old }; ahora: { $new })
compare-diff-models = no se pueden comparar: no tienen ningún modelo en común

## Mientras mide

# $models (texto) - sus nombres; $loads, $rounds (número); $time (texto) - cuánto tarda, más o menos
compare-begin = { $exercise }: { $models } · cargas: { $loads } · rondas: { $rounds } · unos { $time }
compare-progress = { $percent } % · { $model } · { $load } · quedan { $time }
compare-doing-proof = su transcripción, frente a las máquinas solas
compare-doing-idle = conexiones inactivas
compare-doing-knee = el ritmo más alto que mantiene
# $expected, $got (texto) - una línea de la referencia y de la transcripción del modelo
compare-refused = { $model } no se mide, porque no hace el ejercicio: donde la referencia tiene «{ $expected }», tiene «{ $got }»
compare-wrong-reply = { $model } respondió mal: «{ $got }» donde tocaba «{ $expected }»
compare-failed = no se pudo medir { $model }: { $detail }
# $what (texto) - un modelo, y qué se medía de él; $detail (texto) - por qué
compare-without = { $what }: sin cifra, las demás valen: { $detail }
# $detail (texto) - por qué
compare-unfinished = la medición terminó antes de tiempo: { $detail }. Lo medido hasta entonces vale
compare-none-left = no queda ningún modelo que medir
compare-no-baseline = { $model } no puede ser la base, porque no se compara: nómbrelo también en --models
compare-same-for-datagrams = en este ejercicio { $model } es igual que su modelo básico: vea --list
# $file (text) - un fichero
# $schema, $ours (number) - la versión de su esquema y la que este programa conoce
compare-other-schema = { $file } tiene resultados del esquema { $schema }, y este programa compara los del esquema { $ours }; mida otra vez con él
# $file (texto) - su nombre
compare-no-results = { $file } no es lo que escribe compare --json
compare-is-survey = { $file } tiene las seis preguntas, y diff compara los resultados de un ejercicio: mida uno, como en socklab compare echo --json FICHERO
compare-written = escrito: { $file }

## Ayuda

help-compare = Hace seis preguntas a los modelos de E/S, o mide un ejercicio en cada uno, y dice en qué se diferencian y cuánto es seguro.
help-compare-examples = socklab compare ; socklab compare --quick ; socklab compare welcome --models blocking-iterative,blocking,mio ; socklab compare echo --rate 20000 --models mio,tokio ; socklab compare --target 127.0.0.1:16000 ; socklab compare diff antes.json ahora.json
help-compare-diff = Qué ha cambiado entre dos resultados, más de lo que difieren dos medidas de todos modos; acaba con 0 si nada, 1 si algo, 3 si no se pueden comparar.
help-compare-diff-examples = socklab compare echo --json antes.json ; socklab compare echo --json ahora.json ; socklab compare diff antes.json ahora.json
help-arg-load-of = El ejercicio: echo, welcome, capitals o submit; sin él, seis preguntas (echo si se dan cargas u otras opciones de un ejercicio)
help-arg-models = Qué modelos, por su nombre; el mismo dos veces se compara consigo mismo (los principales si no se dice)
help-arg-list = Nombra cada modelo y dice en una frase qué es
help-arg-baseline = Con cuál se comparan los demás (con el primero si no se dice)
help-arg-contestant = Mide también cualquier programa, y se puede repetir: su nombre y su orden, con {"{port}"} donde va su puerto y {"{exercise}"} para las seis preguntas
help-arg-peers = Mide también los servidores del laboratorio en Python (hilos, asyncio) y en C
help-arg-handicap = Tanto tiempo de CPU de más por respuesta del último, en nanosegundos: una diferencia que la comparación tiene que hallar
help-arg-wait-quiet = Espera antes a que otros programas usen menos del 5 % de la CPU, diez minutos como mucho
help-arg-quick = En un tercio de minuto: menos rondas y más cortas
help-arg-full = Todos los modelos y cargas, diez rondas: antes dice cuánto tarda
help-arg-connections = Bucle cerrado: tantas a la vez, y cada una vuelve a preguntar en cuanto recibe respuesta
help-arg-rate = Bucle abierto: tantas preguntas por segundo, cada una a su hora, con respuesta o sin ella
help-arg-find-knee = Busca el ritmo más alto que se mantiene
help-arg-limit = En ese ritmo, lo más que puede ser el percentil 99, en milisegundos
help-arg-idle = Tantas conexiones inactivas, una cantidad tras otra: ¿cuánto cuestan?
help-arg-rounds = Cuántas veces tiene cada modelo cada carga
help-arg-seconds = Cuánto se mide cada una
help-arg-depth = Datagramas en vuelo de cada socket
help-arg-target = Mide el servidor de otra persona con la misma carga
help-arg-server-cores = Cuántos núcleos tiene el servidor; el generador tiene uno propio
help-arg-unobserved = No cuenta lo que hacen los controladores
help-arg-register-folder = Dónde se crean los registros de submit: el disco que se mide (aquí si no se dice)
help-arg-json = Escribe todo lo medido y su resumen; con -, en la salida estándar en lugar de la tabla (un fichero que ya existe solo se reemplaza si lo escribió esta opción)
help-arg-csv = Escribe las cifras de cada modelo y carga (un fichero que ya existe solo se reemplaza si lo escribió esta opción)
help-arg-markdown = Escribe la tabla para una página (un fichero que ya existe solo se reemplaza si lo escribió esta opción)
help-arg-hdr = Escribe las latencias como las imprime HdrHistogram, un fichero por modelo y carga (un fichero que ya existe solo se reemplaza si lo escribió esta opción)
help-arg-report = Dónde va el informe (socklab-compare.html o socklab-EJERCICIO.html si no se dice) (un fichero que ya existe solo se reemplaza si lo escribió esta opción)
help-arg-old = Los resultados de antes, escritos por --json
help-arg-new = Los de después

## Los modelos, en una frase cada uno: qué es y dónde espera

model-blocking = Hilos: uno por conexión (en UDP, uno para todos), y cada uno espera dentro de la llamada que recibe.
model-blocking-iterative = Un hilo atiende cada conexión hasta el final antes de aceptar la siguiente: espera en accept o al único cliente que tiene, y los demás esperan en la cola.
model-blocking-pool = Un número fijo de hilos acepta en el mismo socket y atiende una conexión cada uno: quien los encuentra a todos esperando a sus clientes espera en la cola.
model-blocking-batched = Como blocking, pero en UDP una sola llamada recibe o envía hasta 64 datagramas de un cliente (GRO y GSO, en Linux); el que llega solo se recibe solo.
model-async-std = Una tarea por conexión sobre un ejecutor con un hilo por núcleo: ninguna tarea se bloquea, y el reactor del ejecutor espera a todos los sockets en un solo poll.
model-mio = Un hilo con un bucle de eventos: espera en un solo poll a todos los sockets a la vez y después atiende a los que tienen algo.
model-mio-loops = Un bucle de eventos por núcleo, cada uno con su socket en el mismo puerto (SO_REUSEPORT): el sistema reparte los clientes y cada bucle espera en su propio poll.
model-mio-batched = Como mio, pero en UDP una sola llamada recibe o envía hasta 64 datagramas de un cliente (GRO y GSO, en Linux); el que llega solo se recibe solo.
model-tokio = Una tarea por conexión sobre un planificador cuyos hilos, uno por núcleo, se reparten el trabajo: ninguna se bloquea, y su reactor espera a todos los sockets en un poll.
model-nonblocking = Un hilo pregunta a cada socket una y otra vez y no espera nunca: ocupa un núcleo entero, también ocioso, y es el que antes responde.
model-select = Un hilo espera en select a todos los sockets a la vez; los conjuntos se rehacen en cada llamada y no admiten descriptores con número 1024 o mayor.
model-poll = Un hilo espera en poll a todos los sockets a la vez: el núcleo recorre la lista entera en cada llamada.
model-epoll-level = Un hilo espera en epoll a todos los sockets a la vez: la lista la guarda el núcleo, que avisa de un socket en cada espera mientras tenga algo (por nivel; mio, por flanco).
model-signal-driven = Un hilo duerme en sigtimedwait hasta que SIGIO dice que ha llegado algo, y entonces recibe hasta que no queda nada.
model-uring = Un hilo espera en io_uring_enter lo que el núcleo ya ha hecho: recibió en la memoria del programa y envía lo que este le dio.
# $figure (text) - su número
model-blocking-process = Un proceso por conexión, arrancado con la conexión como entrada estándar: espera en recv a su único cliente y no comparte nada con los demás (Linux).
model-blocking-prefork = Un número fijo de procesos aceptan en un mismo socket de escucha heredado, y cada uno atiende una conexión: quien los encuentra ocupados espera en la cola (Linux).
compare-figure = Stevens, figura { $figure }
compare-every-exercise = todos los ejercicios
compare-no-batches = aquí, llamadas corrientes: este sistema no tiene ni GRO ni GSO

## Además de las cargas

compare-idle-title = conexiones inactivas, y un cliente que no lo está
compare-slope-title = lo que cuesta una conexión inactiva más
compare-knee-title = el ritmo más alto que se mantiene
compare-column-idle = inactivas
compare-column-threads = hilos
compare-column-bytes-each = bytes cada una (95 %)
compare-column-knee = preguntas/s
# $low, $high (texto) - ritmos: mantenido, y no mantenido
compare-knee-between = de { $low } a { $high }
compare-knee-least = al menos { $low }
compare-knee-below = menos de { $high }
compare-column-limit = p99 menor que
compare-column-tried = ritmos probados
# $address (texto) - el servidor que se iba a medir
compare-target-silent = { $address } no respondió nada: inicie antes el servidor, y compruebe la dirección y el puerto

## Programas

# $text (text) - lo que se dio
compare-no-contestant = un participante es un nombre y una orden, como 'mio=python3 servidor.py {"{port}"}', y no { $text }
# $name (text) - su nombre
# $what (text) - la palabra entre llaves que falta
compare-contestant-without = la orden de { $name } no tiene { $what } y no se le puede decir; póngalo donde el programa lo lee
# $name (texto) - su nombre
compare-twice = dos participantes se llaman { $name } y no se distinguirían sus cifras: dé otro nombre a uno
# $name, $exercise (texto) - su nombre y el ejercicio
compare-no-program = { $name } no se puede medir con { $exercise }: socklab no podría comprobar antes que lo hace. Use echo, welcome o capitals
# $name, $needs, $detail (text) - un servidor del laboratorio, el programa que necesita, por qué no lo hay
compare-peer-missing = { $name } queda fuera: necesita { $needs } ({ $detail })

## El servidor medido, un proceso aparte

# $detail (text) - lo que dice la biblioteca de JSON
unserved-spec = no se puede leer la especificación del servidor medido: { $detail }
unserved-unknown = el servidor medido no conoce ese ejercicio o ese modelo
