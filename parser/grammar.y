/* Grammar: Python 3.13's, as LALR(1) rules for Lemon.
 *
 * - Terminals come first and in the order of lexer/tokens.def: a TokenKind is a symbol here (asserted below). Behind
 *   them: what selects the start rule, and the soft keywords, which parser.c tells from names by looking ahead.
 * - Where Python's grammar needs more look-ahead than one token, a rule here accepts more than Python does (a cover
 *   grammar): assignment targets are expressions, parentheses may hold `a as b`, parameters and arguments come in any
 *   order. The builder that is called checks, and rejects the rest.
 * - An action calls one builder and does nothing else. What goes wrong is told by errors.c, which reads the tokens again.
 *
 * To add a statement or an expression: a row in ast.def, a rule here, a builder in build*.c, and its part in errors*.c. */
%name grammar
%token_prefix SYM_
%token_type {Item}
%default_type {Item}
%extra_context {Parser *p}
%stack_size 0
%start_symbol file

%token NAME NUMBER STRING FSTRING_START FSTRING_MIDDLE FSTRING_END NEWLINE INDENT DEDENT ERRORTOKEN.
%token LPAREN RPAREN LBRACKET RBRACKET LBRACE RBRACE COLON COMMA SEMICOLON PLUS MINUS STAR SLASH VBAR AMPERSAND LESS GREATER.
%token EQUAL DOT PERCENT EQEQUAL NOTEQUAL LESSEQUAL GREATEREQUAL TILDE CIRCUMFLEX LEFTSHIFT RIGHTSHIFT DOUBLESTAR.
%token PLUSEQUAL MINEQUAL STAREQUAL SLASHEQUAL PERCENTEQUAL AMPEREQUAL VBAREQUAL CIRCUMFLEXEQUAL LEFTSHIFTEQUAL.
%token RIGHTSHIFTEQUAL DOUBLESTAREQUAL DOUBLESLASH DOUBLESLASHEQUAL AT ATEQUAL RARROW ELLIPSIS COLONEQUAL EXCLAMATION.
%token KW_FALSE KW_NONE KW_TRUE KW_AND KW_AS KW_ASSERT KW_ASYNC KW_AWAIT KW_BREAK KW_CLASS KW_CONTINUE KW_DEF KW_DEL.
%token KW_ELIF KW_ELSE KW_EXCEPT KW_FINALLY KW_FOR KW_FROM KW_GLOBAL KW_IF KW_IMPORT KW_IN KW_IS KW_LAMBDA KW_NONLOCAL.
%token KW_NOT KW_OR KW_PASS KW_RAISE KW_RETURN KW_TRY KW_WHILE KW_WITH KW_YIELD.
%token START_EXEC START_EVAL START_SINGLE MATCH CASE TYPE.

%left VBAR.
%left CIRCUMFLEX.
%left AMPERSAND.
%left LEFTSHIFT RIGHTSHIFT.
%left PLUS MINUS.
%left STAR SLASH DOUBLESLASH PERCENT AT.
%right SIGN.
%right DOUBLESTAR.

%include {
#define NDEBUG 1
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/build.h"

#define YYNOERRORRECOVERY 1

/* The generated parser keeps its stack in the arena ("p" is the generated parser there). */
#undef malloc
#undef realloc
#undef free
#define malloc(size) grammar_stack_grow(p->p, NULL, size)
#define realloc(old, size) grammar_stack_grow(p->p, old, size)
#define free(stack) ((void)(stack))

#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
}

%syntax_error { parser_reject(p); }
%stack_overflow { grammar_overflow(p); }

%code {
#undef TOKEN
#define SYM_ENDMARKER 0
#define TOKEN(name, text) _Static_assert((int)SYM_##name == (int)TOKEN_##name, "the order of tokens.def");
#include "lexer/tokens.def"
#undef TOKEN
_Static_assert((int)SYM_START_EXEC == (int)SYMBOL_START_EXEC && (int)SYM_TYPE == (int)SYMBOL_TYPE, "the order of build.h");

Grammar *grammar_new(Parser *p)
{
    yyParser *grammar = arena_alloc(p->arena, sizeof(yyParser));
    if (!grammar) {
        p->failed = true;
        return NULL;
    }
    grammarInit(grammar, p);
    return (Grammar *)grammar;
}

void grammar_feed(Grammar *grammar_, int symbol, Item value)
{
    grammar(grammar_, symbol, value);
}
}

/* --- the start rules --- */
file ::= START_EXEC. { build_file(p, NO_NODES); }
file ::= START_EXEC statements(B). { build_file(p, list_close(p, B)); }
file ::= START_EVAL expressions(B) newlines. { build_eval(p, B); }
file ::= START_SINGLE statement(B). { build_single(p, list_close(p, B)); }
newlines ::= .
newlines ::= newlines NEWLINE.

/* --- statements: a list's items lie on the item stack one behind the other, so a list of lists is already flat --- */
%type statements {Mark}
%type statement {Mark}
%type simple_statements {Mark}
%type simple_line {Mark}
statements(A) ::= statement(A).
statements(A) ::= statements(A) statement.
statement(A) ::= simple_line(A).
statement(A) ::= compound(B). { A = list_open(p, B); }
simple_line(A) ::= simple_statements(A) NEWLINE.
simple_line(A) ::= simple_statements(A) SEMICOLON NEWLINE.
simple_statements(A) ::= simple(B). { A = list_open(p, B); }
simple_statements(A) ::= simple_statements(A) SEMICOLON simple(B). { list_add(p, B.node); }

%type block {NodeList}
block(A) ::= simple_line(B). { A = list_close(p, B); }
block(A) ::= NEWLINE INDENT statements(B) DEDENT. { A = list_close(p, B); }

simple(A) ::= rhs(B). { A = build_expression_statement(p, B); }
simple(A) ::= assign_targets(B) rhs(C). { A = build_assign(p, B, C); }
simple(A) ::= star_expressions(B) COLON expression(C). { A = build_annotated_assign(p, B, C, NO_ITEM); }
simple(A) ::= star_expressions(B) COLON expression(C) EQUAL rhs(D). { A = build_annotated_assign(p, B, C, D); }
simple(A) ::= star_expressions(B) augmented(O) rhs(C). { A = build_augmented_assign(p, B, O, C); }
simple(A) ::= KW_PASS(T). { A = build_plain(p, NODE_Pass, T); }
simple(A) ::= KW_BREAK(T). { A = build_plain(p, NODE_Break, T); }
simple(A) ::= KW_CONTINUE(T). { A = build_plain(p, NODE_Continue, T); }
simple(A) ::= KW_RETURN(T). { A = build_return(p, T, NO_ITEM); }
simple(A) ::= KW_RETURN(T) star_expressions(B). { A = build_return(p, T, B); }
simple(A) ::= KW_RAISE(T). { A = build_raise(p, T, NO_ITEM, NO_ITEM); }
simple(A) ::= KW_RAISE(T) expression(B). { A = build_raise(p, T, B, NO_ITEM); }
simple(A) ::= KW_RAISE(T) expression(B) KW_FROM expression(C). { A = build_raise(p, T, B, C); }
simple(A) ::= KW_ASSERT(T) expression(B). { A = build_assert(p, T, B, NO_ITEM); }
simple(A) ::= KW_ASSERT(T) expression(B) COMMA expression(C). { A = build_assert(p, T, B, C); }
simple(A) ::= KW_DEL(T) delete_targets(B). { A = build_delete(p, T, B); }
simple(A) ::= KW_DEL(T) delete_targets(B) COMMA. { A = build_delete(p, T, B); }
simple(A) ::= KW_GLOBAL(T) names(B). { A = build_scope_names(p, NODE_Global, T, B); }
simple(A) ::= KW_NONLOCAL(T) names(B). { A = build_scope_names(p, NODE_Nonlocal, T, B); }
simple(A) ::= TYPE(T) NAME(B) type_params(C) EQUAL expression(D). { A = build_type_alias(p, T, B, C, D); }
simple(A) ::= import(A).

%type assign_targets {Mark}
assign_targets(A) ::= rhs(B) EQUAL. { A = list_open(p, check_target(p, B)); }
assign_targets(A) ::= assign_targets(A) rhs(B) EQUAL. { list_add(p, check_target(p, B).node); }
rhs(A) ::= star_expressions(A).
rhs(A) ::= yield(A).

%type augmented {BinaryOperator}
augmented(A) ::= PLUSEQUAL. { A = BINARY_ADD; }
augmented(A) ::= MINEQUAL. { A = BINARY_SUB; }
augmented(A) ::= STAREQUAL. { A = BINARY_MUL; }
augmented(A) ::= ATEQUAL. { A = BINARY_MATMUL; }
augmented(A) ::= SLASHEQUAL. { A = BINARY_DIV; }
augmented(A) ::= DOUBLESLASHEQUAL. { A = BINARY_FLOORDIV; }
augmented(A) ::= PERCENTEQUAL. { A = BINARY_MOD; }
augmented(A) ::= DOUBLESTAREQUAL. { A = BINARY_POW; }
augmented(A) ::= LEFTSHIFTEQUAL. { A = BINARY_LSHIFT; }
augmented(A) ::= RIGHTSHIFTEQUAL. { A = BINARY_RSHIFT; }
augmented(A) ::= AMPEREQUAL. { A = BINARY_AND; }
augmented(A) ::= VBAREQUAL. { A = BINARY_OR; }
augmented(A) ::= CIRCUMFLEXEQUAL. { A = BINARY_XOR; }

%type delete_targets {Mark}
delete_targets(A) ::= primary(B). { A = list_open(p, B); }
delete_targets(A) ::= delete_targets(A) COMMA primary(B). { list_add(p, B.node); }
%type names {Mark}
names(A) ::= NAME(B). { A = list_open(p, B); }
names(A) ::= names(A) COMMA NAME(B). { list_add(p, B.node); }

/* --- imports --- */
%type import_names {Mark}
%type from_names {Mark}
%type from_targets {Mark}
%type dotted_parts {Mark}
%type dots {int}
import(A) ::= KW_IMPORT(T) import_names(B). { A = build_import(p, T, B); }
import(A) ::= KW_FROM(T) dotted(B) KW_IMPORT from_targets(C). { A = build_import_from(p, T, 0, B, C); }
import(A) ::= KW_FROM(T) dots(L) dotted(B) KW_IMPORT from_targets(C). { A = build_import_from(p, T, L, B, C); }
import(A) ::= KW_FROM(T) dots(L) KW_IMPORT from_targets(C). { A = build_import_from(p, T, L, NO_ITEM, C); }
dots(A) ::= DOT. { A = 1; }
dots(A) ::= ELLIPSIS. { A = 3; }
dots(A) ::= dots(B) DOT. { A = B + 1; }
dots(A) ::= dots(B) ELLIPSIS. { A = B + 3; }
import_names(A) ::= import_name(B). { A = list_open(p, B); }
import_names(A) ::= import_names(A) COMMA import_name(B). { list_add(p, B.node); }
import_name(A) ::= dotted(B). { A = build_alias(p, B, NO_ITEM); }
import_name(A) ::= dotted(B) KW_AS NAME(C). { A = build_alias(p, B, C); }
dotted(A) ::= dotted_parts(B). { A = build_dotted_name(p, B); }
dotted_parts(A) ::= NAME(B). { A = list_open(p, B); }
dotted_parts(A) ::= dotted_parts(A) DOT NAME(B). { list_add(p, B.node); }
from_targets(A) ::= STAR(B). { A = list_open(p, build_star_alias(p, B)); }
from_targets(A) ::= from_names(A).
from_targets(A) ::= LPAREN from_names(B) RPAREN. { A = B; }
from_targets(A) ::= LPAREN from_names(B) COMMA RPAREN. { A = B; }
from_names(A) ::= from_name(B). { A = list_open(p, B); }
from_names(A) ::= from_names(A) COMMA from_name(B). { list_add(p, B.node); }
from_name(A) ::= NAME(B). { A = build_alias(p, B, NO_ITEM); }
from_name(A) ::= NAME(B) KW_AS NAME(C). { A = build_alias(p, B, C); }

/* --- compound statements --- */
compound(A) ::= plain_compound(A).
compound(A) ::= async_able(A).
compound(A) ::= KW_ASYNC(T) async_able(B). { A = build_async(p, T, B); }
compound(A) ::= decorators(D) definition(B). { A = build_decorated(p, D, B); }
async_able(A) ::= function(A).
async_able(A) ::= for(A).
async_able(A) ::= with(A).
plain_compound(A) ::= if(A).
plain_compound(A) ::= while(A).
plain_compound(A) ::= try(A).
plain_compound(A) ::= class(A).
plain_compound(A) ::= match(A).
definition(A) ::= function(A).
definition(A) ::= KW_ASYNC(T) function(B). { A = build_async(p, T, B); }
definition(A) ::= class(A).

%type decorators {Mark}
decorators(A) ::= AT named_expression(B) NEWLINE. { A = list_open(p, B); }
decorators(A) ::= decorators(A) AT named_expression(B) NEWLINE. { list_add(p, B.node); }

%type elifs {Mark}
%type else {NodeList}
if(A) ::= KW_IF(T) named_expression(B) COLON block(C) elifs(D) else(E). { A = build_if(p, T, B, C, D, E); }
elifs(A) ::= . { A = list_empty(p); }
elifs(A) ::= elifs(A) elif(B). { list_add(p, B.node); }
elif(A) ::= KW_ELIF(T) named_expression(B) COLON block(C). { A = build_elif(p, T, B, C); }
else(A) ::= . { A = NO_NODES; }
else(A) ::= KW_ELSE COLON block(B). { A = B; }
while(A) ::= KW_WHILE(T) named_expression(B) COLON block(C) else(D). { A = build_while(p, T, B, C, D); }
for(A) ::= KW_FOR(T) targets(B) KW_IN star_expressions(C) COLON block(D) else(E). { A = build_for(p, T, B, C, D, E); }

%type with_items {Mark}
with(A) ::= with_head(B) block(C). { A = build_with(p, B, C); }
with_head(A) ::= KW_WITH(T) with_items(B) COLON. { A = build_with_head(p, T, B); }
with_items(A) ::= with_item(B). { A = list_open(p, B); }
with_items(A) ::= with_items(A) COMMA with_item(B). { list_add(p, B.node); }
with_item(A) ::= expression(B). { A = build_with_item(p, B, NO_ITEM); }
with_item(A) ::= expression(B) KW_AS target(C). { A = build_with_item(p, B, check_target(p, C)); }

%type handlers {Mark}
%type open_handlers {Mark}
%type finally {NodeList}
try(A) ::= KW_TRY(T) COLON block(B) finally(C). { A = build_try(p, T, B, list_empty(p), NO_NODES, C); }
try(A) ::= KW_TRY(T) COLON block(B) handlers(C) else(D). { A = build_try(p, T, B, C, D, NO_NODES); }
try(A) ::= KW_TRY(T) COLON block(B) handlers(C) else(D) finally(E). { A = build_try(p, T, B, C, D, E); }
finally(A) ::= KW_FINALLY COLON block(B). { A = B; }
handlers(A) ::= open_handlers(A) block(B). { build_handler_body(p, B); }
open_handlers(A) ::= handler_head(B). { A = list_open(p, B); }
open_handlers(A) ::= handlers(A) handler_head(B). { build_next_handler(p, A, B); }
handler_head(A) ::= KW_EXCEPT(T) COLON. { A = build_handler(p, T, NO_ITEM, NO_ITEM, false); }
handler_head(A) ::= KW_EXCEPT(T) expression(B) COLON. { A = build_handler(p, T, B, NO_ITEM, false); }
handler_head(A) ::= KW_EXCEPT(T) expression(B) KW_AS NAME(C) COLON. { A = build_handler(p, T, B, C, false); }
handler_head(A) ::= KW_EXCEPT(T) STAR expression(B) COLON. { A = build_handler(p, T, B, NO_ITEM, true); }
handler_head(A) ::= KW_EXCEPT(T) STAR expression(B) KW_AS NAME(C) COLON. { A = build_handler(p, T, B, C, true); }

%type class_arguments {NodeList}
class(A) ::= KW_CLASS(T) NAME(B) type_params(C) class_arguments(D) COLON block(E). { A = build_class(p, T, B, C, D, E); }
class_arguments(A) ::= . { A = NO_NODES; }
class_arguments(A) ::= LPAREN RPAREN. { A = NO_NODES; }
class_arguments(A) ::= LPAREN arguments(B) RPAREN. { A = build_class_arguments(p, B); }
class_arguments(A) ::= LPAREN arguments(B) COMMA RPAREN. { A = build_class_arguments(p, B); }

%type parameters {Node *}
function(A) ::= KW_DEF(T) NAME(B) type_params(C) LPAREN parameters(D) RPAREN returns(E) COLON block(F).
    { A = build_function(p, T, B, C, D, E, F); }
returns(A) ::= . { A = NO_ITEM; }
returns(A) ::= RARROW expression(B). { A = B; }

/* --- type parameters --- */
%type type_params {NodeList}
%type type_param_list {Mark}
type_params(A) ::= . { A = NO_NODES; }
type_params(A) ::= LBRACKET type_param_list(B) RBRACKET. { A = list_close(p, B); }
type_params(A) ::= LBRACKET type_param_list(B) COMMA RBRACKET. { A = list_close(p, B); }
type_param_list(A) ::= type_param(B). { A = list_open(p, B); }
type_param_list(A) ::= type_param_list(A) COMMA type_param(B). { list_add(p, B.node); }
type_param(A) ::= NAME(B) type_bound(C) type_default(D). { A = build_type_param(p, NODE_TypeVar, B.start, B, C, D); }
type_param(A) ::= STAR(T) NAME(B). { A = build_type_param(p, NODE_TypeVarTuple, T.start, B, NO_ITEM, NO_ITEM); }
type_param(A) ::= STAR(T) NAME(B) EQUAL star_expression(D).
    { A = build_type_param(p, NODE_TypeVarTuple, T.start, B, NO_ITEM, D); }
type_param(A) ::= DOUBLESTAR(T) NAME(B) type_default(D). { A = build_type_param(p, NODE_ParamSpec, T.start, B, NO_ITEM, D); }
type_bound(A) ::= . { A = NO_ITEM; }
type_bound(A) ::= COLON expression(B). { A = B; }
type_default(A) ::= . { A = NO_ITEM; }
type_default(A) ::= EQUAL expression(B). { A = B; }

/* --- parameters: any order here; build_arguments checks it --- */
%type parameter_list {Mark}
parameters(A) ::= . { A = build_arguments(p, list_empty(p)); }
parameters(A) ::= parameter_list(B). { A = build_arguments(p, B); }
parameters(A) ::= parameter_list(B) COMMA. { A = build_arguments(p, B); }
parameter_list(A) ::= parameter. { A = build_param_first(p); }
parameter_list(A) ::= parameter_list(A) COMMA parameter.
parameter ::= annotated_name(B). { build_param(p, PARAM_PLAIN, B, NO_ITEM); }
parameter ::= annotated_name(B) EQUAL expression(C). { build_param(p, PARAM_PLAIN, B, C); }
parameter ::= STAR star_annotated_name(B). { build_param(p, PARAM_STAR, B, NO_ITEM); }
parameter ::= DOUBLESTAR annotated_name(B). { build_param(p, PARAM_DOUBLE_STAR, B, NO_ITEM); }
parameter ::= STAR. { build_param(p, PARAM_BARE_STAR, NO_ITEM, NO_ITEM); }
parameter ::= SLASH. { build_param(p, PARAM_SLASH, NO_ITEM, NO_ITEM); }
annotated_name(A) ::= NAME(B). { A = build_arg(p, B, NO_ITEM); }
annotated_name(A) ::= NAME(B) COLON expression(C). { A = build_arg(p, B, C); }
star_annotated_name(A) ::= NAME(B). { A = build_arg(p, B, NO_ITEM); }
star_annotated_name(A) ::= NAME(B) COLON star_expression(C). { A = build_arg(p, B, C); }

%type lambda_parameters {Node *}
%type lambda_parameter_list {Mark}
lambda_parameters(A) ::= . { A = build_arguments(p, list_empty(p)); }
lambda_parameters(A) ::= lambda_parameter_list(B). { A = build_arguments(p, B); }
lambda_parameters(A) ::= lambda_parameter_list(B) COMMA. { A = build_arguments(p, B); }
lambda_parameter_list(A) ::= lambda_parameter. { A = build_param_first(p); }
lambda_parameter_list(A) ::= lambda_parameter_list(A) COMMA lambda_parameter.
lambda_parameter ::= lambda_name(B). { build_param(p, PARAM_PLAIN, B, NO_ITEM); }
lambda_parameter ::= lambda_name(B) EQUAL expression(C). { build_param(p, PARAM_PLAIN, B, C); }
lambda_parameter ::= STAR lambda_name(B). { build_param(p, PARAM_STAR, B, NO_ITEM); }
lambda_parameter ::= DOUBLESTAR lambda_name(B). { build_param(p, PARAM_DOUBLE_STAR, B, NO_ITEM); }
lambda_parameter ::= STAR. { build_param(p, PARAM_BARE_STAR, NO_ITEM, NO_ITEM); }
lambda_parameter ::= SLASH. { build_param(p, PARAM_SLASH, NO_ITEM, NO_ITEM); }
lambda_name(A) ::= NAME(B). { A = build_arg(p, B, NO_ITEM); }

/* --- targets of for and with: `in` must not be part of them, so they are arithmetic at most --- */
%type target_list {Mark}
targets(A) ::= target_list(B). { A = check_target(p, list_count(p, B) == 1 ? list_only(p, B) : build_tuple(p, B)); }
targets(A) ::= target_list(B) COMMA. { A = check_target(p, build_tuple(p, B)); }
target_list(A) ::= target(B). { A = list_open(p, B); }
target_list(A) ::= target_list(A) COMMA target(B). { list_add(p, B.node); }
target(A) ::= arith(A).
target(A) ::= STAR(T) arith(B). { A = build_starred(p, T, B); }

/* --- expressions, from the widest to the narrowest --- */
%type expression_list {Mark}
%type star_expression_list {Mark}
expressions(A) ::= expression(A).
expressions(A) ::= expression(B) COMMA. { A = build_tuple(p, list_open(p, B)); }
expressions(A) ::= expression_list(B). { A = build_tuple(p, B); }
expressions(A) ::= expression_list(B) COMMA. { A = build_tuple(p, B); }
expression_list(A) ::= expression(B) COMMA expression(C). { A = list_open(p, B); list_add(p, C.node); }
expression_list(A) ::= expression_list(A) COMMA expression(B). { list_add(p, B.node); }

star_expressions(A) ::= star_expression(A).
star_expressions(A) ::= star_expression_list(B) COMMA. { A = build_tuple(p, B); }
star_expressions(A) ::= star_expression_list(B) COMMA star_expression(C). { list_add(p, C.node); A = build_tuple(p, B); }
star_expression_list(A) ::= star_expression(B). { A = list_open(p, B); }
star_expression_list(A) ::= star_expression_list(A) COMMA star_expression(B). { list_add(p, B.node); }
star_expression(A) ::= expression(A).
star_expression(A) ::= STAR(T) arith(B). { A = build_starred(p, T, B); }

%type elements {Mark}
elements(A) ::= element(B). { A = list_open(p, B); }
elements(A) ::= elements(A) COMMA element(B). { list_add(p, B.node); }
element(A) ::= named_expression(A).
element(A) ::= STAR(T) arith(B). { A = build_starred(p, T, B); }

yield(A) ::= KW_YIELD(T). { A = build_yield(p, T, NO_ITEM); }
yield(A) ::= KW_YIELD(T) star_expressions(B). { A = build_yield(p, T, B); }
yield(A) ::= KW_YIELD(T) KW_FROM expression(B). { A = build_yield_from(p, T, B); }

named_expression(A) ::= expression(A).
named_expression(A) ::= expression(B) COLONEQUAL expression(C). { A = build_named_expression(p, B, C); }

expression(A) ::= disjunction(A).
expression(A) ::= disjunction(B) KW_IF disjunction(C) KW_ELSE expression(D). { A = build_if_expression(p, B, C, D); }
expression(A) ::= KW_LAMBDA(T) lambda_parameters(B) COLON expression(C). { A = build_lambda(p, T, B, C); }

%type or_list {Mark}
%type and_list {Mark}
disjunction(A) ::= conjunction(A).
disjunction(A) ::= or_list(B). { A = build_bool_op(p, true, B); }
or_list(A) ::= conjunction(B) KW_OR conjunction(C). { A = list_open(p, B); list_add(p, C.node); }
or_list(A) ::= or_list(A) KW_OR conjunction(B). { list_add(p, B.node); }
conjunction(A) ::= inversion(A).
conjunction(A) ::= and_list(B). { A = build_bool_op(p, false, B); }
and_list(A) ::= inversion(B) KW_AND inversion(C). { A = list_open(p, B); list_add(p, C.node); }
and_list(A) ::= and_list(A) KW_AND inversion(B). { list_add(p, B.node); }
inversion(A) ::= comparison(A).
inversion(A) ::= KW_NOT(T) inversion(B). { A = build_unary(p, T, UNARY_NOT, B); }

%type comparison_chain {Mark}
%type comparison_operator {CompareOperator}
comparison(A) ::= arith(A).
comparison(A) ::= comparison_chain(B). { A = build_comparison(p, B); }
comparison_chain(A) ::= arith(B) comparison_operator(O) arith(C). { A = build_comparison_first(p, B, O, C); }
comparison_chain(A) ::= comparison_chain(A) comparison_operator(O) arith(C). { build_comparison_next(p, O, C); }
comparison_operator(A) ::= LESS. { A = COMPARE_LT; }
comparison_operator(A) ::= LESSEQUAL. { A = COMPARE_LE; }
comparison_operator(A) ::= EQEQUAL. { A = COMPARE_EQ; }
comparison_operator(A) ::= NOTEQUAL. { A = COMPARE_NE; }
comparison_operator(A) ::= GREATER. { A = COMPARE_GT; }
comparison_operator(A) ::= GREATEREQUAL. { A = COMPARE_GE; }
comparison_operator(A) ::= KW_IN. { A = COMPARE_IN; }
comparison_operator(A) ::= KW_NOT KW_IN. { A = COMPARE_NOT_IN; }
comparison_operator(A) ::= KW_IS. { A = COMPARE_IS; }
comparison_operator(A) ::= KW_IS KW_NOT. { A = COMPARE_IS_NOT; }

arith(A) ::= arith(B) VBAR arith(C). { A = build_binary(p, B, BINARY_OR, C); }
arith(A) ::= arith(B) CIRCUMFLEX arith(C). { A = build_binary(p, B, BINARY_XOR, C); }
arith(A) ::= arith(B) AMPERSAND arith(C). { A = build_binary(p, B, BINARY_AND, C); }
arith(A) ::= arith(B) LEFTSHIFT arith(C). { A = build_binary(p, B, BINARY_LSHIFT, C); }
arith(A) ::= arith(B) RIGHTSHIFT arith(C). { A = build_binary(p, B, BINARY_RSHIFT, C); }
arith(A) ::= arith(B) PLUS arith(C). { A = build_binary(p, B, BINARY_ADD, C); }
arith(A) ::= arith(B) MINUS arith(C). { A = build_binary(p, B, BINARY_SUB, C); }
arith(A) ::= arith(B) STAR arith(C). { A = build_binary(p, B, BINARY_MUL, C); }
arith(A) ::= arith(B) SLASH arith(C). { A = build_binary(p, B, BINARY_DIV, C); }
arith(A) ::= arith(B) DOUBLESLASH arith(C). { A = build_binary(p, B, BINARY_FLOORDIV, C); }
arith(A) ::= arith(B) PERCENT arith(C). { A = build_binary(p, B, BINARY_MOD, C); }
arith(A) ::= arith(B) AT arith(C). { A = build_binary(p, B, BINARY_MATMUL, C); }
arith(A) ::= arith(B) DOUBLESTAR arith(C). { A = build_binary(p, B, BINARY_POW, C); }
arith(A) ::= MINUS(T) arith(B). [SIGN] { A = build_unary(p, T, UNARY_NEGATIVE, B); }
arith(A) ::= PLUS(T) arith(B). [SIGN] { A = build_unary(p, T, UNARY_POSITIVE, B); }
arith(A) ::= TILDE(T) arith(B). [SIGN] { A = build_unary(p, T, UNARY_INVERT, B); }
arith(A) ::= KW_AWAIT(T) primary(B). { A = build_await(p, T, B); }
arith(A) ::= primary(A).

primary(A) ::= atom(A).
primary(A) ::= primary(B) DOT NAME(C). { A = build_attribute(p, B, C); }
primary(A) ::= primary(B) LBRACKET slices(C) RBRACKET. { A = build_subscript(p, B, C); }
primary(A) ::= primary(B) LPAREN(T) RPAREN. { A = build_call(p, B, T, list_empty(p), false); }
primary(A) ::= primary(B) LPAREN(T) arguments(C) RPAREN. { A = build_call(p, B, T, C, false); }
primary(A) ::= primary(B) LPAREN(T) arguments(C) COMMA RPAREN. { A = build_call(p, B, T, C, true); }

%type slice_list {Mark}
slices(A) ::= slice(A).
slices(A) ::= STAR(T) expression(B). { A = build_tuple(p, list_open(p, build_starred(p, T, B))); }
slices(A) ::= slice_list(B) COMMA. { A = build_tuple(p, B); }
slices(A) ::= slice_list(B) COMMA slice_element(C). { list_add(p, C.node); A = build_tuple(p, B); }
slice_list(A) ::= slice_element(B). { A = list_open(p, B); }
slice_list(A) ::= slice_list(A) COMMA slice_element(B). { list_add(p, B.node); }
slice_element(A) ::= slice(A).
slice_element(A) ::= STAR(T) expression(B). { A = build_starred(p, T, B); }
slice(A) ::= named_expression(A).
slice(A) ::= bound(B) COLON(T) bound(C). { A = build_slice(p, T, B, C, NO_ITEM); }
slice(A) ::= bound(B) COLON(T) bound(C) COLON bound(D). { A = build_slice(p, T, B, C, D); }
bound(A) ::= . { A = NO_ITEM; }
bound(A) ::= expression(A).

%type arguments {Mark}
arguments(A) ::= argument(B). { A = list_open(p, B); }
arguments(A) ::= arguments(A) COMMA argument(B). { list_add(p, B.node); }
argument(A) ::= named_expression(A).
argument(A) ::= named_expression(B) clauses(C). { A = build_generator_argument(p, B, C); }
argument(A) ::= expression(B) EQUAL expression(C). { A = build_keyword(p, B, C); }
argument(A) ::= STAR(T) expression(B). { A = build_starred(p, T, B); }
argument(A) ::= DOUBLESTAR(T) expression(B). { A = build_double_starred(p, T, B); }

/* --- atoms --- */
atom(A) ::= NAME(A).
atom(A) ::= NUMBER(A).
atom(A) ::= strings(B). { A = build_strings(p, B); }
atom(A) ::= KW_NONE(T). { A = build_constant(p, T, CONSTANT_NONE); }
atom(A) ::= KW_TRUE(T). { A = build_constant(p, T, CONSTANT_TRUE); }
atom(A) ::= KW_FALSE(T). { A = build_constant(p, T, CONSTANT_FALSE); }
atom(A) ::= ELLIPSIS(T). { A = build_constant(p, T, CONSTANT_ELLIPSIS); }

%type paren_elements {Mark}
atom(A) ::= LPAREN(T) RPAREN. { A = build_paren_tuple(p, T, list_empty(p)); }
atom(A) ::= LPAREN(T) yield(B) RPAREN. { A = build_yield_group(T, B); }
atom(A) ::= LPAREN(T) paren_elements(B) RPAREN. { A = build_group(p, T, B); }
atom(A) ::= LPAREN(T) paren_elements(B) COMMA RPAREN. { A = build_paren_tuple(p, T, B); }
atom(A) ::= LPAREN(T) named_expression(B) clauses(C) RPAREN. { A = build_comprehension(p, NODE_GeneratorExp, T, B, C); }
paren_elements(A) ::= paren_element(B). { A = list_open(p, B); }
paren_elements(A) ::= paren_elements(A) COMMA paren_element(B). { list_add(p, B.node); }
paren_element(A) ::= element(A).
paren_element(A) ::= expression(B) KW_AS target(C). { A = build_paren_with_item(p, B, check_target(p, C)); }

atom(A) ::= LBRACKET(T) RBRACKET. { A = build_sequence(p, NODE_List, T, list_empty(p)); }
atom(A) ::= LBRACKET(T) elements(B) RBRACKET. { A = build_sequence(p, NODE_List, T, B); }
atom(A) ::= LBRACKET(T) elements(B) COMMA RBRACKET. { A = build_sequence(p, NODE_List, T, B); }
atom(A) ::= LBRACKET(T) named_expression(B) clauses(C) RBRACKET. { A = build_comprehension(p, NODE_ListComp, T, B, C); }
atom(A) ::= LBRACE(T) elements(B) RBRACE. { A = build_sequence(p, NODE_Set, T, B); }
atom(A) ::= LBRACE(T) elements(B) COMMA RBRACE. { A = build_sequence(p, NODE_Set, T, B); }
atom(A) ::= LBRACE(T) named_expression(B) clauses(C) RBRACE. { A = build_comprehension(p, NODE_SetComp, T, B, C); }

%type pairs {Mark}
%type pair {Mark}
atom(A) ::= LBRACE(T) RBRACE. { A = build_dict(p, T, list_empty(p)); }
atom(A) ::= LBRACE(T) pairs(B) RBRACE. { A = build_dict(p, T, B); }
atom(A) ::= LBRACE(T) pairs(B) COMMA RBRACE. { A = build_dict(p, T, B); }
atom(A) ::= LBRACE(T) expression(B) COLON expression(C) clauses(D) RBRACE. { A = build_dict_comprehension(p, T, B, C, D); }
pairs(A) ::= pair(A).
pairs(A) ::= pairs(A) COMMA pair.
pair(A) ::= expression(B) COLON expression(C). { A = list_open(p, B); list_add(p, C.node); }
pair(A) ::= DOUBLESTAR arith(B). { A = list_open(p, NO_ITEM); list_add(p, B.node); }

%type clauses {Mark}
%type conditions {Mark}
clauses(A) ::= clause(B). { A = list_open(p, B); }
clauses(A) ::= clauses(A) clause(B). { list_add(p, B.node); }
clause(A) ::= KW_FOR(T) targets(B) KW_IN disjunction(C) conditions(D). { A = build_clause(p, T, B, C, D, false); }
clause(A) ::= KW_ASYNC(T) KW_FOR targets(B) KW_IN disjunction(C) conditions(D). { A = build_clause(p, T, B, C, D, true); }
conditions(A) ::= . { A = list_empty(p); }
conditions(A) ::= conditions(A) KW_IF disjunction(B). { list_add(p, B.node); }

/* --- strings: neighbours are one literal --- */
%type strings {Mark}
%type fstring_parts {Mark}
strings(A) ::= string(B). { A = list_open(p, B); }
strings(A) ::= strings(A) string(B). { list_add(p, B.node); }
string(A) ::= STRING(A).
string(A) ::= FSTRING_START(T) fstring_parts(B) FSTRING_END. { A = build_fstring(p, T, B); }
fstring_parts(A) ::= . { A = list_empty(p); }
fstring_parts(A) ::= fstring_parts(A) FSTRING_MIDDLE(B). { list_add(p, B.node); }
fstring_parts(A) ::= fstring_parts(A) replacement.
replacement ::= LBRACE(T) rhs(B) debug(C) conversion(D) format(E) RBRACE. { build_replacement(p, T, B, C, D, E); }
debug(A) ::= . { A = NO_ITEM; }
debug(A) ::= EQUAL. { A = build_debug_end(p); }
conversion(A) ::= . { A = NO_ITEM; }
conversion(A) ::= EXCLAMATION(T) NAME(B). { A = build_conversion(p, T, B); }
format(A) ::= . { A = NO_ITEM; }
format(A) ::= COLON(T) fstring_parts(B). { A = build_fstring(p, T, B); }

/* --- match --- */
%type cases {Mark}
%type patterns {Mark}
match(A) ::= MATCH(T) subject(B) COLON NEWLINE INDENT cases(C) DEDENT. { A = build_match(p, T, B, C); }
subject(A) ::= named_expression(A).
subject(A) ::= subject_elements(B) COMMA. { A = build_tuple(p, B); }
subject(A) ::= subject_elements(B) COMMA element(C). { list_add(p, C.node); A = build_tuple(p, B); }
%type subject_elements {Mark}
subject_elements(A) ::= element(B). { A = list_open(p, B); }
subject_elements(A) ::= subject_elements(A) COMMA element(B). { list_add(p, B.node); }
cases(A) ::= case(B). { A = list_open(p, B); }
cases(A) ::= cases(A) case(B). { list_add(p, B.node); }
case(A) ::= CASE(T) open_pattern(B) guard(C) COLON block(D). { A = build_case(p, T, B, C, D); }
guard(A) ::= . { A = NO_ITEM; }
guard(A) ::= KW_IF named_expression(B). { A = B; }

open_pattern(A) ::= pattern(A).
open_pattern(A) ::= patterns(B) COMMA. { A = build_open_sequence(p, B); }
open_pattern(A) ::= patterns(B) COMMA star_pattern(C). { list_add(p, C.node); A = build_open_sequence(p, B); }
patterns(A) ::= star_pattern(B). { A = list_open(p, B); }
patterns(A) ::= patterns(A) COMMA star_pattern(B). { list_add(p, B.node); }
star_pattern(A) ::= pattern(A).
star_pattern(A) ::= STAR(T) NAME(B). { A = build_star_pattern(p, T, B); }
pattern(A) ::= or_pattern(A).
pattern(A) ::= or_pattern(B) KW_AS NAME(C). { A = build_as_pattern(p, B, C); }

%type alternatives {Mark}
or_pattern(A) ::= alternatives(B). { A = build_or_pattern(p, B); }
alternatives(A) ::= closed_pattern(B). { A = list_open(p, B); }
alternatives(A) ::= alternatives(A) VBAR closed_pattern(B). { list_add(p, B.node); }

closed_pattern(A) ::= literal(B). { A = build_value_pattern(p, B); }
closed_pattern(A) ::= KW_NONE(T). { A = build_singleton_pattern(p, T, CONSTANT_NONE); }
closed_pattern(A) ::= KW_TRUE(T). { A = build_singleton_pattern(p, T, CONSTANT_TRUE); }
closed_pattern(A) ::= KW_FALSE(T). { A = build_singleton_pattern(p, T, CONSTANT_FALSE); }
closed_pattern(A) ::= NAME(B). { A = build_capture_pattern(p, B); }
closed_pattern(A) ::= qualified(B). { A = build_value_pattern(p, B); }
closed_pattern(A) ::= LPAREN(T) RPAREN. { A = build_sequence_pattern(p, T, list_empty(p)); }
closed_pattern(A) ::= LPAREN(T) patterns(B) RPAREN. { A = build_paren_pattern(p, T, B); }
closed_pattern(A) ::= LPAREN(T) patterns(B) COMMA RPAREN. { A = build_sequence_pattern(p, T, B); }
closed_pattern(A) ::= LBRACKET(T) RBRACKET. { A = build_sequence_pattern(p, T, list_empty(p)); }
closed_pattern(A) ::= LBRACKET(T) patterns(B) RBRACKET. { A = build_sequence_pattern(p, T, B); }
closed_pattern(A) ::= LBRACKET(T) patterns(B) COMMA RBRACKET. { A = build_sequence_pattern(p, T, B); }
closed_pattern(A) ::= LBRACE(T) RBRACE. { A = build_mapping_pattern(p, T, list_empty(p)); }
closed_pattern(A) ::= LBRACE(T) mapping_items(B) RBRACE. { A = build_mapping_pattern(p, T, B); }
closed_pattern(A) ::= LBRACE(T) mapping_items(B) COMMA RBRACE. { A = build_mapping_pattern(p, T, B); }
closed_pattern(A) ::= class_name(B) LPAREN RPAREN. { A = build_class_pattern(p, B, list_empty(p)); }
closed_pattern(A) ::= class_name(B) LPAREN class_patterns(C) RPAREN. { A = build_class_pattern(p, B, C); }
closed_pattern(A) ::= class_name(B) LPAREN class_patterns(C) COMMA RPAREN. { A = build_class_pattern(p, B, C); }
qualified(A) ::= NAME(B) DOT NAME(C). { A = build_attribute(p, B, C); }
qualified(A) ::= qualified(B) DOT NAME(C). { A = build_attribute(p, B, C); }
class_name(A) ::= NAME(A).
class_name(A) ::= qualified(A).

%type mapping_items {Mark}
%type mapping_item {Mark}
mapping_items(A) ::= mapping_item(A).
mapping_items(A) ::= mapping_items(A) COMMA mapping_item.
mapping_item(A) ::= mapping_key(B) COLON pattern(C). { A = list_open(p, B); list_add(p, C.node); }
mapping_item(A) ::= DOUBLESTAR NAME(B). { A = list_open(p, NO_ITEM); list_add(p, B.node); }
mapping_key(A) ::= literal(A).
mapping_key(A) ::= qualified(A).
mapping_key(A) ::= KW_NONE(T). { A = build_constant(p, T, CONSTANT_NONE); }
mapping_key(A) ::= KW_TRUE(T). { A = build_constant(p, T, CONSTANT_TRUE); }
mapping_key(A) ::= KW_FALSE(T). { A = build_constant(p, T, CONSTANT_FALSE); }

%type class_patterns {Mark}
class_patterns(A) ::= class_argument(B). { A = list_open(p, B); }
class_patterns(A) ::= class_patterns(A) COMMA class_argument(B). { list_add(p, B.node); }
class_argument(A) ::= pattern(A).
class_argument(A) ::= NAME(B) EQUAL pattern(C). { A = build_keyword(p, B, C); }

literal(A) ::= strings(B). { A = build_strings(p, B); }
literal(A) ::= number(A).
literal(A) ::= number(B) PLUS NUMBER(C). { A = build_complex_number(p, B, BINARY_ADD, C); }
literal(A) ::= number(B) MINUS NUMBER(C). { A = build_complex_number(p, B, BINARY_SUB, C); }
number(A) ::= NUMBER(A).
number(A) ::= MINUS(T) NUMBER(B). { A = build_unary(p, T, UNARY_NEGATIVE, B); }
