const BASH = `# bash completion for mito; load it with: source <(mito completion bash)
_mito() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _mito mito ./mito
`;

const ZSH = `#compdef mito
# zsh completion for mito; load it with: source <(mito completion zsh)
_mito() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=(\${candidates:#})
  if (( \${#candidates} )); then compadd -- "\${candidates[@]}"; else _files; fi
}
compdef _mito mito ./mito
`;

const FISH = `# fish completion for mito; load it with: mito completion fish | source
function __mito_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -l candidates ($program __complete -- $words[2..] (commandline -ct) 2>/dev/null)
  if set -q candidates[1]
    printf '%s\\n' $candidates
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c mito -f -a '(__mito_complete)'
`;

export type ShellName = 'bash' | 'zsh' | 'fish';

/** What each shell loads; all of them ask the command itself, so that they never lag behind it. */
export const COMPLETION_SCRIPTS: Readonly<Record<ShellName, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
