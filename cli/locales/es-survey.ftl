### `socklab compare` sin ejercicio, en español.

survey-column-server = servidor
survey-column-stevens = fig.

## Las cabeceras de las columnas, en dos líneas

survey-head-one-client = un / cliente
survey-head-hundred-busy = 100 / activos
survey-head-short-visits = visitas / breves
survey-head-slow-client = un cliente / lento
survey-head-slow-request = petición / lenta
survey-head-silent = 1000 callados / y uno que habla
survey-unit-p50 = p50 µs
survey-unit-cpu = CPU µs
survey-unit-p99 = p99 ms
survey-unit-bytes = KiB c/u

## Celdas

# $count (number) - cuántas conexiones a la vez
survey-serves = atiende { $count }
survey-stopped = calló
survey-differs = mal
survey-legend = ★ a menos de un 10 % del mejor · ×N: N veces peor, con un 95 % de confianza
survey-legend-unsure = sin marca: no es seguro

## El titular

survey-headline-equal = Todos son igual de buenos: ninguna pregunta distingue a estos servidores.
# $models (text) - los que están entre los mejores en todo
# $count (number) - cuántos son
survey-headline-winner = { $models } { $count ->
    [one] está
   *[other] están
} entre los mejores en todas las preguntas.
# $others (text) - los que quizá también lo estén
survey-headline-also = { $models } { $count ->
    [one] está
   *[other] están
} entre los mejores en todas las preguntas, y quizá también { $others }.
# $models (text) - los únicos que quizá estén entre los mejores en todo
survey-headline-perhaps = Quizá { $models } { $count ->
    [one] esté
   *[other] estén
} entre los mejores en todas las preguntas; ningún otro servidor lo está.
survey-headline-unsure = Esta medición no basta para distinguir a estos servidores.
survey-headline-none = Ningún modelo gana en todo.
# $cheap (text) - los que mejor llevan a los clientes callados, $count de ellos
# $survive (text) - los que una petición lenta no detiene
survey-headline-sides = Ningún modelo gana en todo: { $cheap } { $count ->
    [one] atiende
   *[other] atienden
} a clientes callados con poco; una petición lenta solo la aguanta { $survive }.

## Las frases. $best (text) y $count (number) son los que están a menos de un 10 % del mejor,
## $worst (text) el peor; las cifras son textos.

# $list (text) - algunos nombres
# $more (number) - cuántos hay además
survey-and-more = { $list } y { $more } más
survey-the-others = los demás
# $low, $high (text) - dos cifras
survey-from-to = { $low } a { $high }
survey-no-figures = No se midió ningún servidor.

survey-name-one-client = Un cliente
survey-name-hundred-busy = 100 activos
survey-name-short-visits = Visitas breves
survey-name-slow-client = Un cliente lento
survey-name-slow-request = Una petición lenta (20 ms dentro del servidor)
survey-name-silent = 1000 callados
# $question (text) - uno de estos nombres
survey-not-sure = { $question }: parecen distintos, pero esta pasada no basta para estar seguro. Repítala sin --quick, o sin nada más en marcha.

survey-one-client-equal = Un cliente: no hay diferencia; una respuesta tarda de { $least } a { $most } µs.
survey-one-client-differ = Un cliente: { $best } { $count ->
    [one] responde
   *[other] responden
} en { $least } µs; { $worst }, en { $value } (×{ $times }).
# $models (text) - los que preguntan al sistema una y otra vez
survey-polls = { $models } { $count ->
    [one] ocupa
   *[other] ocupan
} un núcleo entero aunque no llame nadie.

survey-hundred-busy-equal = 100 activos: no hay diferencia; de { $least } a { $most } µs de CPU por respuesta.
survey-hundred-busy-differ = 100 activos: una respuesta cuesta { $least } µs de CPU con { $best } y { $value } con { $worst } (×{ $times }).

survey-short-visits-equal = Visitas breves: no hay diferencia; de { $least } a { $most } µs de CPU por visita.
survey-short-visits-differ = Visitas breves: cada una cuesta { $least } µs de CPU con { $best } y { $value } con { $worst } (×{ $times }).

# $models (text) - los que hacen esperar a los demás, $count de ellos
# $value (text) - cuánto, en milisegundos
# $spared (text) - los otros
# $least, $most (text) - cuánto esperan, en milisegundos
survey-slow-client-everybody = Un cliente lento: con todos estos servidores esperan los demás, de { $least } a { $most } ms.
survey-slow-client-nobody = Un cliente lento: nadie más espera por él.
survey-slow-client-spares = Un cliente lento: con { $spared } nadie espera por él; con los demás esperan todos, { $value } ms.
survey-slow-client-waits = Un cliente lento: solo { $models } { $count ->
    [one] hace
   *[other] hacen
} esperar a los demás, { $value } ms.
# $unsure (text) - los que quizá también hagan esperar
survey-slow-client-unsure = Un cliente lento: { $models } { $count ->
    [one] hace
   *[other] hacen
} esperar a los demás, { $value } ms; esta medición no permite saber si también { $unsure }.

# $least, $most (text) - cuánto esperan, en milisegundos
survey-slow-request-everybody = Una petición lenta (20 ms dentro del servidor): con todos estos servidores esperan los demás, de { $least } a { $most } ms.
survey-slow-request-nobody = Una petición lenta (20 ms dentro del servidor): nadie más espera por ella.
survey-slow-request-spares = Una petición lenta (20 ms dentro del servidor): con { $spared } no espera nadie; detiene a todos los demás, { $value } ms.
survey-slow-request-unsure = Una petición lenta (20 ms dentro del servidor): con { $models } esperan todos, { $value } ms; esta medición no permite saber si también con { $unsure }.
survey-slow-request-waits = Una petición lenta (20 ms dentro del servidor) detiene a { $models } para todos; con { $spared } no espera nadie.

survey-silent-equal = 1000 callados: no hay diferencia; de { $least } a { $most } KiB por cada uno.
survey-silent-differ = 1000 callados: { $worst } guarda { $value } KiB por cada uno; { $best }, { $least }.
# $value, $least (text) - CPU por respuesta al que habla, con estos y en el mejor caso
survey-silent-talker = Responder al que habla cuesta hasta { $value } µs con { $models } y { $least } en el mejor caso.

# $model, $best (text) - el peor y uno de los mejores
# $more, $less (text) - cuántos por respuesta, con uno y con otro
survey-why-switches = { $model } cambia de contexto { $more } veces en cada una; { $best }, { $less }.
survey-why-calls = { $model } hace { $more } llamadas en cada una; { $best }, { $less }.

## Lo que salió mal

# $model (text) - un participante
# $after (number) - después de cuántas respuestas
# $said (text) - lo último que dijo, o cómo acabó; puede estar vacío
survey-failure-stopped = { $model } dejó de responder después de { $after ->
    [one] { $after } respuesta
   *[other] { $after } respuestas
}: { $said }
survey-failure-silent = { $model } dejó de responder después de { $after ->
    [one] { $after } respuesta
   *[other] { $after } respuestas
}.
survey-failure-differs = { $model } respondió «{ $got }» donde tenía que responder «{ $expected }», y ahí no se mide.
survey-failure-failed = { $model } no se pudo medir ahí: { $said }
survey-failure-not-slow = { $model } no hace el trabajo de la petición lenta («wait 20 ms») y ahí no tiene cifra.

## Las líneas que rodean la tabla

# $count (number) - cuántos servidores
# $time (text) - cuánto tardó
# $others (text) - la parte de la CPU que usaron otros programas
survey-title = socklab compare · { $count ->
    [one] { $count } servidor
   *[other] { $count } servidores
}, un núcleo para cada uno · { $time } · otros programas usaron un { $others }
survey-title-any = socklab compare · { $count ->
    [one] { $count } servidor
   *[other] { $count } servidores
}, sin fijar a ningún núcleo · { $time } · otros programas usaron un { $others }
survey-title-shared = socklab compare · { $count ->
    [one] { $count } servidor
   *[other] { $count } servidores
}, en el núcleo de la carga · { $time } · otros programas usaron un { $others }
# $models (text) - los servidores
# $time (text) - cuánto tardará
survey-begin = Seis preguntas a { $models }: unos { $time }.
# $percent (number), $number (number) - cuánto está hecho, qué pregunta
# $question, $model, $time (text) - su nombre, el servidor, cuánto falta
survey-progress = { $percent } % · { $number } { $question } · { $model } · quedan { $time }
# $detail (text) - lo que dijo el sistema
survey-failed = No se pudieron hacer las preguntas: { $detail }

## La página

survey-choices = ¿Cuál usaría para…?
survey-choice-unsure = esta pasada no lo aclara
survey-choice-any = cualquiera
survey-choice-silent = 10 000 clientes callados
survey-choice-one = un cliente cada vez
survey-choice-short = visitas breves
survey-choice-blocking = trabajo que bloquea
# $cpu, $cores, $time, $others (text) - la máquina, cuántos núcleos, cuánto tardó, lo que usaron otros
survey-page-machine = { $cpu } · { $cores } núcleos · { $time } · otros programas usaron un { $others }
survey-page-program = programa ajeno
survey-page-waits = Dónde espera cada uno ↓
survey-page-waits-title = Dónde espera cada uno
survey-page-own-core = Cada servidor corrió en un núcleo propio.
survey-page-shared-core = Los servidores compartían el núcleo del generador de carga, así que una respuesta esperaba también a los turnos de este.
survey-page-any-core = Los servidores corrieron en el núcleo que les dio el sistema, que pudo ser el del generador de carga.
survey-page-how = Se comprobaron todas las respuestas. Solo un servidor a la vez tenía carga, durante una fracción de segundo, por turnos con los demás y en orden barajado; en cada ronda se iniciaron de nuevo. La misma orden lo mide otra vez:
# Dónde esperan los modelos, según la figura de Stevens, Fenner y Rudoff, UNIX Network Programming, vol. 1, 6.2.
survey-waits-6-1 = se bloquea en la llamada
survey-waits-6-2 = pregunta una y otra vez
survey-waits-6-3 = espera a que haya algo
survey-waits-6-4 = espera una señal
survey-waits-6-5 = espera a que esté hecho

## Ruido, antes de medir

# $percent (text) - la parte de la CPU que usan otros
compare-noise = Otros programas usan un { $percent } de la CPU de esta máquina: las diferencias serán menos seguras. Deténgalos o use --wait-quiet.
compare-noise-waiting = Esperando a que otros programas usen menos CPU: ahora, un { $percent }.
